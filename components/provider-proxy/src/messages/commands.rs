//! What somebody commands in a conversation.

use serde_json::{Value as Json, json};

/// What is said to `/start`, and to what is no command.
pub const HELP: &str = "Ask me anything. I also know these commands:\n\
    /projects - what I can run\n\
    /run <project> [text or JSON] - begins a run\n\
    /status <run> - how a run is\n\
    /help - this";

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Help,
    Projects,
    Run { project: String, input: Json },
    Status { run: String },
}

/// The command that a text is; `None` for a question. Where something is missing or unknown, help is what is wanted.
pub fn read(text: &str) -> Option<Command> {
    let text = text.trim();
    let rest = text.strip_prefix('/')?;
    let (name, rest) = split(rest);
    // In groups a command may be addressed: `/status@a_bot`.
    let name = name.split('@').next().unwrap_or_default().to_ascii_lowercase();
    Some(match name.as_str() {
        "projects" => Command::Projects,
        "run" => match split(rest) {
            ("", _) => Command::Help,
            (project, input) => Command::Run { project: project.into(), input: input_of(input) },
        },
        "status" => match split(rest) {
            ("", _) => Command::Help,
            (run, _) => Command::Status { run: run.into() },
        },
        _ => Command::Help,
    })
}

/// The first word, and what follows it.
fn split(text: &str) -> (&str, &str) {
    match text.trim_start().split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text.trim_start(), ""),
    }
}

/// A JSON object as it is; other words as `text`.
fn input_of(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => Json::Object(fields),
        _ if text.is_empty() => json!({}),
        _ => json!({ "text": text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_command_or_a_question() {
        let run = |project: &str, input: Json| Some(Command::Run { project: project.into(), input });
        let check = |text: &str, expected: Option<Command>| assert_eq!(read(text), expected, "{text:?}");
        for question in ["", "Hello", "a /run", "What is /start?", "//"] {
            let expected = question.starts_with('/').then_some(Command::Help);
            check(question, expected);
        }
        check("/start", Some(Command::Help));
        check("/start deep-link", Some(Command::Help));
        check("/help@a_bot", Some(Command::Help));
        check("/nobody", Some(Command::Help));
        check("/", Some(Command::Help));
        check("  /Projects@a_bot  ", Some(Command::Projects));
        check("/run", Some(Command::Help));
        check("/run clips", run("clips", json!({})));
        check("/run  clips  a boat\nat dawn ", run("clips", json!({ "text": "a boat\nat dawn" })));
        check("/run\nclips\n{\"scenes\": [1]}", run("clips", json!({ "scenes": [1] })));
        check("/run@a_bot clips [1]", run("clips", json!({ "text": "[1]" })));
        check("/run clips {", run("clips", json!({ "text": "{" })));
        check("/status", Some(Command::Help));
        check("/status run_1 now", Some(Command::Status { run: "run_1".into() }));
    }
}
