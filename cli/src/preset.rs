//! `--preset NAME`: options that the configuration holds under one name become the defaults of this run.
//!
//! They are defaults of the command line itself, so that an option which is typed wins, help tells them, and each is checked
//! as if it had been typed. A command that has no such option is not concerned by it; a name that no command has is a mistake.

use crate::configuration::{self, Preset, PresetOption};
use crate::error::CliError;
use crate::selection::nearest;
use clap::{Arg, Command};

/// `command` with the options of a preset as defaults.
///
/// # Errors
/// Those of the configuration; `config::unknown-preset`, `config::unknown-option`, `config::bad-value`.
pub fn apply(command: Command, name: &str) -> Result<(Command, &'static Preset), CliError> {
    let preset = configuration::get()?.preset(name)?;
    check(&command, preset)?;
    Ok((with_defaults(command, &preset.options), preset))
}

/// Does every option of the preset belong to some command?
///
/// # Errors
/// `config::unknown-option` and `config::bad-value`, with the line.
pub fn check(command: &Command, preset: &Preset) -> Result<(), CliError> {
    let mut known = Vec::new();
    collect(command, &mut known);
    for option in &preset.options {
        // Options of one name take different values in different commands.
        let results: Vec<_> = known
            .iter()
            .filter(|argument| is_named(argument, &option.name))
            .map(|argument| check_value(argument, option))
            .collect();
        if results.is_empty() {
            let names = known.iter().filter_map(|argument| argument.get_long());
            return Err(unknown(option, names).at(&option.location));
        }
        if results.iter().all(Result::is_err) {
            results.into_iter().collect::<Result<(), _>>().map_err(|error| error.at(&option.location))?;
        }
    }
    Ok(())
}

fn collect<'c>(command: &'c Command, known: &mut Vec<&'c Arg>) {
    known.extend(command.get_arguments());
    command.get_subcommands().for_each(|command| collect(command, known));
}

fn is_named(argument: &Arg, name: &str) -> bool {
    argument.get_long() == Some(name)
}

fn unknown<'n>(option: &PresetOption, names: impl Iterator<Item = &'n str>) -> CliError {
    let text = format!("no command has an option --{}", option.name);
    let list = "`ruvllm-esp COMMAND --help` lists the options of each";
    let help = match nearest(&option.name, names) {
        Some(name) => format!("did you mean `{name}`? {list}"),
        None => list.into(),
    };
    CliError::usage("config::unknown-option", text).help(help)
}

/// Flags are set or not; what takes a value has one.
fn check_value(argument: &Arg, option: &PresetOption) -> Result<(), CliError> {
    let takes_value = argument.get_action().takes_values();
    let is_flag = option.values.is_empty() || option.values == ["true"];
    if takes_value && option.values.is_empty() {
        return Err(bad(option, "takes a value, not false"));
    }
    if !takes_value && !is_flag {
        return Err(bad(option, "is set with true, and takes no value"));
    }
    let choices = argument.get_possible_values();
    let is_choice = |value: &String| {
        choices.is_empty()
            || value.split(',').all(|one| choices.iter().any(|choice| choice.matches(one.trim(), true)))
    };
    // Names of roles have more spellings than help lists; the option itself knows them.
    match option.values.iter().find(|value| takes_value && option.name != "role" && !is_choice(value)) {
        Some(wrong) => {
            let names: Vec<&str> = choices.iter().map(|choice| choice.get_name()).collect();
            Err(bad(option, &format!("does not take `{wrong}`; one of {}", names.join(", "))))
        }
        None => Ok(()),
    }
}

fn bad(option: &PresetOption, what: &str) -> CliError {
    CliError::usage("config::bad-value", format!("--{} {what}", option.name))
        .help("write the value as it is typed behind the option, and true for a flag")
}

fn with_defaults(command: Command, options: &'static [PresetOption]) -> Command {
    let mut own = Vec::new();
    for option in options.iter().filter(|option| !option.values.is_empty()) {
        let found = command.get_arguments().find(|argument| is_named(argument, &option.name));
        own.extend(found.map(|argument| (argument.get_id().clone(), &option.values)));
    }
    let command = own.into_iter().fold(command, |command, (id, values)| {
        command.mut_arg(id, |argument| {
            argument.required(false).default_values(values.iter().map(String::as_str))
        })
    });
    command.mut_subcommands(|command| with_defaults(command, options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;
    use crate::configuration::Origin;
    use clap::CommandFactory;

    fn preset(options: &[(&str, &[&str])]) -> Preset {
        let option = |(name, values): &(&str, &[&str])| PresetOption {
            name: name.to_string(),
            values: values.iter().map(|value| value.to_string()).collect(),
            location: "desk.toml:2".into(),
        };
        let options = options.iter().map(option).collect();
        Preset { name: "lab".into(), options, origin: Origin::Project, location: "desk.toml:1".into() }
    }

    #[test]
    fn an_option_that_is_typed_wins_over_the_preset() {
        let options: &[(&str, &[&str])] = &[
            ("variant", &["esp32c3"]),
            ("seed", &["9"]),
            ("verbose", &["true"]),
            ("quiet", &[]),
            ("expect", &["a", "b"]),
            ("baud", &["115200"]),
        ];
        let preset: &'static Preset = Box::leak(Box::new(preset(options)));
        check(&Arguments::command(), preset).unwrap();
        let value = |line: &str, id: &str| {
            let command = with_defaults(Arguments::command(), &preset.options);
            let matches = command.try_get_matches_from(line.split(' ')).unwrap();
            let (_, sim) = matches.subcommand().unwrap();
            let all: Vec<String> =
                sim.get_raw(id).unwrap().map(|value| value.to_string_lossy().into_owned()).collect();
            all.join(" ")
        };
        assert_eq!(value("ruvllm-esp sim", "variant"), "esp32c3");
        assert_eq!(value("ruvllm-esp sim --variant esp32s2", "variant"), "esp32s2");
        assert_eq!(value("ruvllm-esp sim", "expect"), "a b");
        assert_eq!(value("ruvllm-esp sim --expect c", "expect"), "c");
        assert_eq!(value("ruvllm-esp fit", "variant"), "esp32c3");
        let command = with_defaults(Arguments::command(), &preset.options);
        let matches = command.try_get_matches_from(["ruvllm-esp", "sim"]).unwrap();
        let (_, sim) = matches.subcommand().unwrap();
        assert!(sim.get_flag("verbose") && !sim.get_flag("quiet"));
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        let wrong = |name: &str, values: &[&str]| {
            check(&Arguments::command(), &preset(&[(name, values)])).unwrap_err().to_string()
        };
        let text = wrong("varient", &["esp32c3"]);
        assert!(text.contains("desk.toml:2: no command has an option --varient"), "{text}");
        assert!(text.contains("did you mean `variant`?"), "{text}");
        assert!(wrong("variant", &["esp33"]).contains("--variant does not take `esp33`; one of esp32,"));
        assert!(wrong("variant", &[]).contains("takes a value"));
        assert!(wrong("verbose", &["3"]).contains("is set with true"));
    }
}
