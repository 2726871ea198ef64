//! Keys as the configuration wants them: an action is named, and its keys replace the ones it had, wherever it has some.
//!
//! Where letters are text, a letter stays one: there only keys such as `PgUp` or `Ctrl-U` are taken.

use super::key::Key;
use super::{Context, Keymap, Row};
use crate::configuration::KeySetting;
use crate::error::CliError;
use crate::selection::nearest;
use crate::tui::action::{Action, NAMES};

/// One action and its keys.
struct Remap<'s> {
    action: Action,
    keys: Vec<Key>,
    setting: &'s KeySetting,
}

impl Keymap {
    /// The keys of a configuration.
    ///
    /// # Errors
    /// `config::unknown-action`, `config::bad-key`, `config::key-twice`, each with its line.
    pub fn custom(settings: &[&KeySetting]) -> Result<Self, CliError> {
        let remaps = settings
            .iter()
            .map(|setting| Remap::of(setting).map_err(|error| error.at(&setting.location)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut keymap = Self::default();
        keymap.rows.iter_mut().for_each(|row| remaps.iter().for_each(|remap| remap.apply(row)));
        keymap.check(&remaps)?;
        Ok(keymap)
    }

    /// Does no key mean two things?
    fn check(&self, remaps: &[Remap<'_>]) -> Result<(), CliError> {
        for context in Context::ALL {
            let keys: Vec<_> = self.bindings(context).flat_map(|row| &row.keys).collect();
            for (index, (key, action)) in keys.iter().enumerate() {
                let earlier = keys.iter().take(index).find(|(other, does)| other == key && does != action);
                if let Some((_, other)) = earlier {
                    let is_new = |it: &&Remap<'_>| {
                        (it.action == *action || it.action == *other) && it.keys.contains(key)
                    };
                    let location = remaps.iter().find(is_new).map_or("", |remap| &remap.setting.location);
                    return Err(twice(*key, *action, *other, context).at(location));
                }
            }
        }
        Ok(())
    }
}

impl<'s> Remap<'s> {
    fn of(setting: &'s KeySetting) -> Result<Self, CliError> {
        let names = || NAMES.into_iter().map(|(name, _)| name);
        let Some((_, action)) = NAMES.into_iter().find(|(name, _)| *name == setting.action) else {
            let list = "`ruvllm-esp config show -v` lists the actions";
            let help = match nearest(&setting.action, names()) {
                Some(name) => format!("did you mean `{name}`? {list}"),
                None => list.into(),
            };
            let text = format!("keys: there is no action `{}`", setting.action);
            return Err(CliError::usage("config::unknown-action", text).help(help));
        };
        let bad = |text: String| {
            CliError::usage("config::bad-key", format!("{}: {text}", setting.action)).help(
                "keys are a letter, Ctrl-A, F1, Space, Enter, Esc, Tab, Up, PageUp, Home and their like",
            )
        };
        if setting.keys.is_empty() {
            return Err(bad("an action has at least one key".into()));
        }
        let keys = setting.keys.iter().map(|name| Key::parse(name).map_err(bad)).collect::<Result<_, _>>()?;
        Ok(Self { action, keys, setting })
    }

    fn apply(&self, row: &mut Row) {
        let takes_text = row.contexts.iter().any(|context| context.takes_text());
        let new: Vec<Key> =
            self.keys.iter().copied().filter(|key| !takes_text || key.letter().is_none()).collect();
        let Some(first) = row.keys.iter().position(|(_, action)| *action == self.action) else { return };
        if new.is_empty() {
            return;
        }
        row.keys.retain(|(_, action)| *action != self.action);
        let new = new.into_iter().map(|key| (key, self.action));
        row.keys.splice(first..first, new);
        row.shown = shown(&row.keys).into();
        // What else does the same is no longer what the table says, and is shown with the keys.
        row.help = row.help.split(" (").next().filter(|_| row.help.ends_with("too)")).unwrap_or(row.help);
    }
}

/// The keys of a row: letters and arrows close together, the others apart.
fn shown(keys: &[(Key, Action)]) -> String {
    let mut text = String::new();
    let mut was_short = false;
    for name in keys.iter().map(|(key, _)| key.shown()) {
        let is_short = name.chars().count() == 1;
        if !(text.is_empty() || is_short && was_short) {
            text.push(' ');
        }
        text += &name;
        was_short = is_short;
    }
    text
}

fn twice(key: Key, one: Action, other: Action, context: Context) -> CliError {
    let name =
        |action| NAMES.into_iter().find(|(_, named)| *named == action).map_or("text", |(name, _)| name);
    let text = format!(
        "`{}` would mean both `{}` and `{}` ({})",
        key.shown(),
        name(other),
        name(one),
        context.name()
    );
    CliError::usage("config::key-twice", text).help("give one of the two another key, in the same table")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::action::Panel;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    fn custom(settings: &[(&str, &[&str])]) -> Result<Keymap, CliError> {
        let settings: Vec<KeySetting> = settings
            .iter()
            .enumerate()
            .map(|(index, (action, keys))| KeySetting {
                action: action.to_string(),
                keys: keys.iter().map(|key| key.to_string()).collect(),
                location: format!("desk.toml:{}", index + 2),
            })
            .collect();
        Keymap::custom(&settings.iter().collect::<Vec<_>>())
    }

    fn press(keymap: &Keymap, context: Context, code: KeyCode) -> Option<Action> {
        keymap.action(context, KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn an_action_has_its_new_keys_and_no_longer_the_old() {
        let keymap = custom(&[("pause", &["p", "F5"]), ("up", &["w", "F2"])]).unwrap();
        let fleet = Context::Panel(Panel::Fleet);
        assert_eq!(press(&keymap, fleet, KeyCode::Char('p')), Some(Action::Pause));
        assert_eq!(press(&keymap, fleet, KeyCode::F(5)), Some(Action::Pause));
        assert_eq!(press(&keymap, fleet, KeyCode::Char(' ')), None);
        let up = Action::Go(crate::tui::action::Direction::Up);
        assert_eq!(press(&keymap, fleet, KeyCode::Char('w')), Some(up));
        assert_eq!(press(&keymap, Context::Menu, KeyCode::Char('w')), Some(up));
        // Where one types, a letter is text.
        assert_eq!(press(&keymap, Context::Console, KeyCode::Char('w')), Some(Action::Character('w')));
        assert_eq!(press(&keymap, Context::Console, KeyCode::F(2)), Some(up));
        let row = keymap.bindings(fleet).find(|row| row.label == "pause").unwrap();
        assert_eq!(row.shown, "p F5");
        let row = keymap.bindings(fleet).find(|row| row.help == "select a chip").unwrap();
        assert_eq!(row.shown, "hjw F2 l←↓→");
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        let wrong = |settings: &[(&str, &[&str])]| custom(settings).unwrap_err().to_string();
        let text = wrong(&[("quit", &["Q"]), ("puase", &["p"])]);
        assert!(text.contains("desk.toml:3: keys: there is no action `puase`"), "{text}");
        assert!(text.contains("did you mean `pause`?"), "{text}");
        assert!(wrong(&[("pause", &["Hyper"])]).contains("desk.toml:2: pause: there is no key `Hyper`"));
        assert!(wrong(&[("pause", &[])]).contains("at least one key"));
        let text = wrong(&[("quit", &["Q"]), ("pause", &["x"])]);
        assert!(text.contains("desk.toml:3: `x` would mean both") && text.contains("`fault`"), "{text}");
        assert!(custom(&[("pause", &["x"]), ("fault", &["Space"])]).is_ok(), "keys may be exchanged");
    }
}
