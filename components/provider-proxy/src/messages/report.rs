//! What a conversation hears of a run that it has begun.

use kv_schemas::{Store, StoreError};
use runs::{Kind, Notice, Run, Status};
use serde_json::Value as Json;

/// Has the conversation told, if the run was begun by one. A notice that comes twice is told once.
pub fn report(store: &dyn Store, run: &Run, notice: &Notice, approval_url: Option<&str>) -> Result<(), StoreError> {
    let Some(chat) = &run.chat else { return Ok(()) };
    let Some(text) = text(run, notice, approval_url) else { return Ok(()) };
    let id = format!("{}.{}", notice.kind.name(), notice.subject);
    super::tell(store, &run.tenant, &chat.provider, &chat.conversation, &text, &id)
}

fn text(run: &Run, notice: &Notice, approval_url: Option<&str>) -> Option<String> {
    let name = name(run);
    let why = notice.failure.as_ref().map_or(String::new(), |failure| format!(": {}", failure.message));
    Some(match notice.kind {
        // The answer to the command said so.
        Kind::Started => return None,
        Kind::Waiting => {
            let title = notice.gate.as_ref().map_or("", |gate| gate.title.as_str());
            let link = approval_url.map_or(String::new(), |url| format!("\n{url}"));
            format!("{name} waits for you: {title}{link}")
        }
        Kind::Paused => format!("{name} is paused{why}"),
        Kind::Done => format!("{name} is done.\n/status {}", run.id),
        Kind::Failed => format!("{name} has failed{why}"),
        Kind::Cancelled => format!("{name} was stopped."),
    })
}

/// What people call it.
pub fn name(run: &Run) -> String {
    let title = [run.title.as_str(), run.project.as_deref().unwrap_or_default()];
    title.into_iter().find(|title| !title.is_empty()).unwrap_or("The run").to_owned()
}

/// How it is. `shown` is the run as its tenant sees it.
pub fn of(run: &Run, shown: &Json) -> String {
    let jobs = run.steps.iter().filter(|step| step.is_job());
    let (mut all, mut done) = (0, 0);
    for step in jobs {
        all += 1;
        done += u32::from(step.status == runs::StepStatus::Done);
    }
    let mut lines = vec![format!("{}: {}", name(run), run.status.name()), format!("Steps done: {done} of {all}")];
    if let Some(title) = shown["gate"]["title"].as_str() {
        lines.push(format!("Waits for you: {title}"));
        lines.extend(shown["gate"]["approval_url"].as_str().map(str::to_owned));
    }
    let why = if run.status == Status::Paused { &run.pause } else { &run.error };
    lines.extend(why.as_ref().map(|failure| failure.message.clone()));
    lines.extend(urls(&shown["result"]));
    lines.join("\n")
}

/// The addresses of what was made, at most ten.
fn urls(value: &Json) -> Vec<String> {
    let (mut open, mut found) = (vec![value], Vec::new());
    while let Some(value) = open.pop() {
        match value {
            Json::String(text) if text.starts_with("https://") && !found.contains(text) => found.push(text.clone()),
            Json::Array(values) => open.extend(values.iter().rev()),
            Json::Object(fields) => open.extend(fields.values().rev()),
            _ => {}
        }
        if found.len() == 10 {
            break;
        }
    }
    found
}
