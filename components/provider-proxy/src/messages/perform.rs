//! Does what is commanded. All of it may be repeated: a run has an id that follows from the message's.

use messaging::Message;
use runs::Chat;
use serde_json::Value as Json;
use shell::{KeyValue, Problem};

use super::{
    answer::{self, Said},
    commands::{Command, HELP},
    names::named,
    report,
};
use crate::{bindings::sessions::Grant, runs as running, vendor::callback};

const NOT_HERE: &str = "This chat may ask, but not command.";
/// Projects that are shown.
const MOST: usize = 50;

/// Does it, and says what came of it. `None`: a command that this conversation may not give.
pub async fn perform(store: &KeyValue, id: &str, message: &Message, command: Option<Command>) -> Said {
    // Only those on the list command.
    let grant = answer::grant(&message.conversation);
    let outcome = match command {
        None => Ok(NOT_HERE.to_owned()),
        Some(Command::Help) => Ok(HELP.to_owned()),
        Some(Command::Projects) => projects(store, &grant),
        Some(Command::Run { project, input }) => run(store, &grant, id, message, &project, input).await,
        Some(Command::Status { run }) => status(store, &grant, &run).await,
    };
    match outcome {
        Ok(text) => Said::Text(text),
        Err(problem) => answer::later(message, &problem, false, &told(&problem)),
    }
}

fn told(problem: &Problem) -> String {
    match &problem.param {
        Some(param) => format!("{param}: {}", problem.message),
        None => problem.message.clone(),
    }
}

fn projects(store: &KeyValue, grant: &Grant) -> Result<String, Problem> {
    let page = running::projects_of(store, &grant.tenant, 0, MOST)?;
    let lines: Vec<String> = page["projects"].as_array().into_iter().flatten().map(line).collect();
    Ok(if lines.is_empty() { "There is nothing to run yet.".into() } else { lines.join("\n") })
}

fn line(project: &Json) -> String {
    let text = |name: &str| project[name].as_str().unwrap_or_default();
    match (text("id"), text("title")) {
        (id, "") => id.into(),
        (id, title) => format!("{id} - {title}"),
    }
}

async fn run(
    store: &KeyValue,
    grant: &Grant,
    id: &str,
    message: &Message,
    project: &str,
    input: Json,
) -> Result<String, Problem> {
    let conversation = &message.conversation;
    let chat = Chat { provider: conversation.provider.clone(), conversation: conversation.id.clone() };
    let base = callback::public_base().await;
    // The same run for the same message.
    let run = running::start_for(store, grant, &named("run_", &["message", id]), project, input, base, Some(chat))?;
    Ok(format!("{} begins. You will hear of it here, or ask: /status {}", report::name(&run), run.id))
}

async fn status(store: &KeyValue, grant: &Grant, id: &str) -> Result<String, Problem> {
    let run = running::show(store, grant, id).await?;
    Ok(report::of(&run, &running::shown(&run).await?))
}
