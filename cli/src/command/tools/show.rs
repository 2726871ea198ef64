//! `tools show`: the tools of a file, or one with its arguments and sentences.

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::selection::nearest;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::nlu::value::{Shown, Value};
use ruvllm_esp_sim::tools::ToolFile;
use ruvllm_esp_sim::tools::file;
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp tools show house.toml
  ruvllm-esp tools show house.toml light.set
  ruvllm-esp tools show house.toml light.set --sentences 20 --json";

/// Options of `tools show`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The tool file
    file: PathBuf,
    /// Show this tool
    tool: Option<String>,
    /// Print the first N sentences of each example
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    sentences: usize,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct Tools {
    tools: Vec<Tool>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Tool {
    name: String,
    about: String,
    arguments: Vec<Argument>,
    intents: Vec<Intent>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Argument {
    name: String,
    kind: &'static str,
    required: bool,
    relative: bool,
    range: Option<[String; 2]>,
    values: Vec<Listed>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Listed {
    name: String,
    said: Vec<String>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Intent {
    implies: Vec<String>,
    examples: Vec<Example>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Example {
    line: u32,
    template: String,
    count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sentences: Vec<String>,
}

/// Shows them.
///
/// # Errors
/// `tools::cannot-read`, `tools::wrong`, `tools::unknown-tool`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let file = super::read(&arguments.file)?;
    let chosen = match &arguments.tool {
        Some(name) => vec![find(&file, name)?],
        None => file.tools.iter().collect(),
    };
    let tools: Vec<Tool> = chosen.into_iter().map(|tool| Tool::of(tool, arguments.sentences)).collect();
    if output.json {
        output.json("tools", &Tools { tools })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    match arguments.tool {
        Some(_) => tools.iter().try_for_each(|tool| tool.write(&mut out))?,
        None => write_table(&tools, &mut out)?,
    }
    Ok(Exit::Ok)
}

fn find<'f>(file: &'f ToolFile, name: &str) -> Result<&'f file::Tool, CliError> {
    file.tools.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let error = CliError::usage("tools::unknown-tool", format!("there is no tool `{name}`"));
        match nearest(name, file.tools.iter().map(|tool| tool.name.as_str())) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`ruvllm-esp tools show FILE` lists them"),
        }
    })
}

fn write_table(tools: &[Tool], out: &mut impl Write) -> io::Result<()> {
    let headings = ["tool", "arguments (! required)", "what it does"].map(|heading| (heading, Align::Left));
    let mut table = Table::new(headings);
    for tool in tools {
        let name =
            |argument: &Argument| format!("{}{}", argument.name, if argument.required { "!" } else { "" });
        let arguments: Vec<String> = tool.arguments.iter().map(name).collect();
        table.row([tool.name.clone(), arguments.join(", "), tool.about.clone()]);
    }
    table.write(out)
}

impl Tool {
    fn of(tool: &file::Tool, sentences: usize) -> Self {
        Self {
            name: tool.name.clone(),
            about: tool.about.clone(),
            arguments: tool.arguments.iter().map(Argument::of).collect(),
            intents: tool.intents.iter().map(|intent| Intent::of(intent, tool, sentences)).collect(),
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let about = if self.about.is_empty() { String::new() } else { format!(": {}", self.about) };
        writeln!(out, "{}{about}", strong(&self.name))?;
        if !self.arguments.is_empty() {
            writeln!(out, "\n{}", strong("Arguments"))?;
        }
        self.arguments.iter().try_for_each(|argument| argument.write(out))?;
        for intent in &self.intents {
            match intent.implies.as_slice() {
                [] => writeln!(out, "\n{}", strong("Examples"))?,
                implies => writeln!(out, "\n{} {}", strong("Examples of"), implies.join(" "))?,
            }
            for example in &intent.examples {
                writeln!(out, "  {}", example.template)?;
                example.sentences.iter().try_for_each(|sentence| writeln!(out, "    {sentence}"))?;
            }
        }
        Ok(())
    }
}

impl Argument {
    fn of(argument: &file::Argument) -> Self {
        let kind = argument.kind;
        let shown = |number| {
            let unit = argument.units.first().map_or("", String::as_str);
            format!("{}{unit}", Shown { kind, value: Value::Scalar(number) })
        };
        let listed =
            |listed: &file::Listed| Listed { name: listed.name.clone(), said: listed.phrases.clone() };
        Self {
            name: argument.name.clone(),
            kind: kind.name(),
            required: argument.required,
            relative: argument.relative,
            range: kind.is_scalar().then(|| [shown(argument.min), shown(argument.max)]),
            values: argument.values.iter().map(listed).collect(),
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut facts = vec![self.kind.to_string()];
        facts.extend(self.required.then(|| "required".to_string()));
        facts.extend(self.relative.then(|| "relative".to_string()));
        facts.extend(self.range.as_ref().map(|[from, to]| format!("{from} to {to}")));
        writeln!(out, "  {:<12} {}", self.name, facts.join(", "))?;
        for Listed { name, said } in &self.values {
            match said.as_slice() {
                [only] if only == name => writeln!(out, "    {name}")?,
                _ => writeln!(out, "    {name}: {}", said.join(", "))?,
            }
        }
        Ok(())
    }
}

impl Intent {
    fn of(intent: &file::Intent, tool: &file::Tool, sentences: usize) -> Self {
        let implies = intent.implied.iter().filter_map(|implied| {
            let argument = tool.arguments.get(implied.argument)?;
            Some(format!("{}={}", argument.name, value_text(argument, implied)))
        });
        let examples = intent.examples.iter().map(|example| Example {
            line: example.line,
            template: example.template.to_string(),
            count: example.template.count(),
            sentences: example.template.sentences(sentences),
        });
        Self { implies: implies.collect(), examples: examples.collect() }
    }
}

fn value_text(argument: &file::Argument, implied: &file::Implied) -> String {
    match implied.value {
        Value::Choice(index) => {
            argument.values.get(usize::from(index)).map_or(String::new(), |listed| listed.name.clone())
        }
        Value::Words => implied.text.clone(),
        value => Shown { kind: argument.kind, value }.to_string(),
    }
}
