//! The console on a terminal: line editing, the commands of this session to recall, and completion.

use super::lines::{bad_directive, event};
use super::{ChipSession, Event};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::output::Output;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use ruvllm_esp_core::agent::COMMON;
use ruvllm_esp_core::console::{Failure, LineAssembler};
use ruvllm_esp_core::role::RoleKind;

type Console = Editor<Commands, MemHistory>;

/// What there is to complete: the commands of the role of the moment.
struct Commands {
    role: RoleKind,
}

/// Talks with the chip until the person ends it: with Ctrl-D, or with Ctrl-C twice.
///
/// # Errors
/// Those of the session; and when the terminal fails.
pub fn run(mut session: ChipSession, output: &Output) -> CommandResult {
    let mut console = open(session.device.identity().role).map_err(terminal)?;
    output.info("Tab completes, the arrows recall, `?` lists the commands, `quit` ends the session");
    let prompt = format!("{}> ", session.device.identity().chip.name);
    let mut interrupted = false;
    loop {
        match console.readline(&prompt) {
            Ok(line) => {
                interrupted = false;
                let _ = console.add_history_entry(&line);
                match line.trim() {
                    // The chip never sees these, so they cost nothing.
                    "quit" | "exit" | "bye" | "/bye" | "/quit" | "/exit" => return session.end(),
                    "?" | "/?" | "/help" => output.info(&commands(session.device.identity().role)),
                    _ => type_line(&mut session, &line, output)?,
                }
            }
            Err(ReadlineError::Interrupted) if interrupted => {
                session.end()?;
                return Ok(Exit::Interrupted);
            }
            Err(ReadlineError::Interrupted) => {
                interrupted = true;
                output.info("Ctrl-C again, or Ctrl-D, ends the session");
            }
            Err(ReadlineError::Eof) => return session.end(),
            Err(error) => return Err(terminal(error).into()),
        }
        if session.is_over() {
            return session.end();
        }
        let role = session.device.identity().role;
        if let Some(commands) = console.helper_mut() {
            commands.role = role;
        }
    }
}

fn open(role: RoleKind) -> rustyline::Result<Console> {
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(false).build();
    let mut console = Editor::with_history(config, MemHistory::new())?;
    console.set_helper(Some(Commands { role }));
    Ok(console)
}

/// What can be typed: the chip's commands, and what is for this program.
fn commands(role: RoleKind) -> String {
    let own = role.info().commands.iter().chain(&COMMON);
    let line = |(usage, what): (&str, &str)| format!("  {usage:<30} {what}");
    let mut lines: Vec<String> = own.map(|command| line((command.usage, command.summary))).collect();
    lines.extend(LOCAL.map(line));
    lines.join("\n")
}

/// What is for this program, not for the chip.
const LOCAL: [(&str, &str); 3] = [
    ("@wait TIME", "lets time pass, such as @wait 2h30m"),
    ("?", "this list; unlike `help` it costs the chip nothing"),
    ("quit", "ends the session, as exit, /bye and Ctrl-D do"),
];

/// Types a line as a terminal program would, byte by byte: the chip's own rules for lines hold here too.
fn type_line(session: &mut ChipSession, line: &str, output: &Output) -> Result<(), Stop> {
    let mut assembler = LineAssembler::default();
    let mut lines: Vec<Result<String, Failure>> = Vec::new();
    for byte in line.bytes().chain(*b"\n") {
        lines.extend(assembler.push(byte).map(|line| line.map(str::to_string)));
    }
    for line in lines {
        match line.map(|line| event(&line)) {
            Ok(Ok(event)) => session.execute(event)?,
            Ok(Err(error)) => output.info(&bad_directive("", &error).to_string()),
            Err(failure) => session.execute(Event::Line(Err(failure)))?,
        }
    }
    Ok(())
}

fn terminal(error: ReadlineError) -> CliError {
    CliError::runtime("cli::terminal", error.to_string())
        .help("`--non-interactive` reads plain lines instead")
}

impl Commands {
    /// The words that may stand at the end of `before`, and where that end begins.
    fn candidates(&self, before: &str) -> (usize, Vec<String>) {
        let start = before.rfind(' ').map_or(0, |space| space + 1);
        let (earlier, word) = before.split_at(start);
        let own = self.role.info().commands.iter();
        let commands = || own.clone().chain(&COMMON).map(|command| command.name);
        let words: Vec<&str> = match earlier.trim() {
            "" => commands().chain(["@wait"]).collect(),
            "help" => commands().collect(),
            "set-role" => RoleKind::ALL.iter().map(|role| role.alias()).collect(),
            _ => Vec::new(),
        };
        let fitting = words.into_iter().filter(|candidate| candidate.starts_with(word));
        (start, fitting.map(str::to_string).collect())
    }
}

impl Completer for Commands {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(line.get(..position).unwrap_or_default()))
    }
}

impl Hinter for Commands {
    type Hint = String;
}
impl Highlighter for Commands {}
impl Validator for Commands {}
impl Helper for Commands {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completion_knows_the_role() {
        let commands = Commands { role: RoleKind::MemoryArchivist };
        assert_eq!(commands.candidates("rem"), (0, vec!["remember".to_string()]));
        assert_eq!(commands.candidates("help forg"), (5, vec!["forget".to_string()]));
        assert_eq!(commands.candidates("set-role h"), (9, vec!["hnsw".to_string()]));
        assert_eq!(commands.candidates("recall pum").1, Vec::<String>::new());
        let hnsw = Commands { role: RoleKind::HnswIndexer };
        assert!(hnsw.candidates("remember").1.is_empty());
    }
}
