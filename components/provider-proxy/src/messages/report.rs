//! What a conversation hears of a run that it has begun.

use kv_schemas::{Store, StoreError};
use runs::{Kind, Notice, Run, Status};
use serde_json::Value as Json;

/// What is said where there is no link: a path alone leads nowhere from a chat.
const NO_LINK: &str = "There is no link to it, since this gate doesn't know its own address: its operator must set the \
    variable `public_url`.";

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
            let link = approval_url.map_or(String::new(), |url| format!("\n{}", link(url)));
            format!("{name} waits for you: {title}{link}")
        }
        Kind::Paused => format!("{name} is paused{why}"),
        Kind::Done => format!("{name} is done.\n/status {}", run.id),
        Kind::Failed => format!("{name} has failed{why}"),
        Kind::Cancelled => format!("{name} was stopped."),
    })
}

/// Something to follow, or why there is nothing.
fn link(url: &str) -> &str {
    if url.starts_with('/') { NO_LINK } else { url }
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
        lines.extend(shown["gate"]["approval_url"].as_str().map(|url| link(url).to_owned()));
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

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use runs::{Begin, Pending, parse_steps};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_chat_gets_a_link_or_hears_why_there_is_none() {
        let begin = Begin {
            id: "run_1".into(),
            tenant: "demo".into(),
            credential: "chat_1".into(),
            channel: String::new(),
            base: None,
            chat: None,
            project: None,
            title: "Harbour clips".into(),
            steps: parse_steps(&json!([{ "id": "look", "gate": { "title": "Good?" } }])).unwrap(),
            input: json!({}),
        };
        let run = Run::start(begin, Millis(1)).unwrap();
        let gate = Pending {
            run: "run_1".into(),
            gate: "look".into(),
            title: "Good?".into(),
            round: 1,
            expires_at: Millis(2),
        };
        let notice =
            Notice { kind: Kind::Waiting, subject: "a".into(), at: Millis(1), gate: Some(gate), failure: None };
        let check = |url: &str, expected: &str| {
            let told = text(&run, &notice, Some(url)).unwrap();
            assert_eq!(told, format!("Harbour clips waits for you: Good?\n{expected}"));
            let shown = json!({ "gate": { "title": "Good?", "approval_url": url } });
            assert_eq!(of(&run, &shown).lines().last(), Some(expected));
        };
        check("https://gate.example/v1/approvals/a", "https://gate.example/v1/approvals/a");
        check("http://127.0.0.1:3000/v1/approvals/a", "http://127.0.0.1:3000/v1/approvals/a");
        check("/v1/approvals/a", NO_LINK);
        assert!(NO_LINK.contains("`public_url`"));
    }
}
