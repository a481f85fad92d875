//! The page at which a person decides: what it is about, what has come out so far, and two buttons. No script.

use runs::{Decision, Run, RunStep, Standing, StepStatus, Task};
use serde_json::Value as Json;

use super::html::{escape, text_or_link};

/// Rows of one step that are shown.
const MAX_ROWS: usize = 60;
/// Characters of one value that are shown.
const MAX_TEXT: usize = 2_000;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1b1f;--soft:#5d5d66;--line:#d9d9de;--ground:#f5f5f7;--card:#fff;--go:#17693a;--stop:#a3261e;--link:#1550a8}
@media(prefers-color-scheme:dark){:root{--ink:#ececf1;--soft:#a6a6b0;--line:#3a3a42;--ground:#151518;--card:#1f1f24;--go:#2c8a52;--stop:#c64a41;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:42rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.4rem;line-height:1.25;margin:.2rem 0 .4rem}
h2{font-size:1rem;margin:0 0 .5rem}
p{margin:.3rem 0}
.soft{color:var(--soft);font-size:.9rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:1rem 0}
dl{margin:0}
dt{color:var(--soft);font-size:.85rem;margin-top:.5rem}
dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
a{color:var(--link)}
label{display:block;margin-bottom:.3rem}
textarea{width:100%;min-height:4.5rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:.5rem;padding:.6rem}
.buttons{display:flex;gap:.75rem;margin-top:.9rem}
button{flex:1;min-height:3rem;font:inherit;font-weight:600;color:#fff;border:0;border-radius:.5rem;cursor:pointer}
.go{background:var(--go)}
.stop{background:var(--stop)}
";

/// What is decided and how that stands.
pub fn decide(run: &Run, gate: &RunStep, standing: &Standing) -> String {
    let title = gate_title(gate);
    let whose = if run.title.is_empty() { run.project.as_deref().unwrap_or_default() } else { &run.title };
    let mut body = String::new();
    body.push_str(&format!("<p class=\"soft\">{}</p>\n<h1>{}</h1>\n", escape(&clip(whose)), escape(&clip(title))));
    body.push_str(&format!(
        "<p class=\"soft\">Run {}, begun {}</p>\n",
        escape(&run.id),
        escape(&minute(&run.created_at.to_string()))
    ));
    body.push_str(&state(gate, standing));
    for step in shown_steps(run) {
        if let Some(result) = &step.result {
            body.push_str(&block(&format!("Result of {}", step.id), result));
        }
    }
    if run.input.as_object().is_some_and(|input| !input.is_empty()) {
        body.push_str(&block("Input", &run.input));
    }
    if *standing == Standing::Open {
        body.push_str(FORM);
    }
    whole(title, &body)
}

const FORM: &str = "<section><form method=\"post\">
<label for=\"comment\">Comment (optional)</label>
<textarea id=\"comment\" name=\"comment\" maxlength=\"2000\"></textarea>
<div class=\"buttons\"><button class=\"stop\" name=\"decision\" value=\"reject\">Reject</button>\
<button class=\"go\" name=\"decision\" value=\"approve\">Approve</button></div>
</form></section>
";

/// A page that only says something.
pub fn say(title: &str, text: &str) -> String {
    whole(title, &format!("<h1>{}</h1>\n<p>{}</p>\n", escape(title), escape(text)))
}

/// The jobs whose results are decided on.
pub fn shown_steps(run: &Run) -> impl Iterator<Item = &RunStep> {
    run.steps.iter().filter(|step| step.is_job() && step.status == StepStatus::Done)
}

pub fn gate_title(gate: &RunStep) -> &str {
    match &gate.task {
        Task::Gate { title, .. } => title,
        Task::Job { .. } => "",
    }
}

fn state(gate: &RunStep, standing: &Standing) -> String {
    let said = match standing {
        Standing::Open => {
            let Task::Gate { expires_at: Some(expires_at), .. } = &gate.task else { return String::new() };
            return format!("<p>Open until {}.</p>\n", escape(&minute(&expires_at.to_string())));
        }
        Standing::Decided { decision, at } => {
            let word = match decision {
                Decision::Approve => "Approved",
                Decision::Reject => "Rejected",
            };
            format!("{word} on {}.", minute(&at.to_string()))
        }
        Standing::Expired => "This link has expired. Nothing can be decided by it any more.".into(),
        Standing::RunOver => "The run is over. There is nothing left to decide.".into(),
        Standing::Unknown => return String::new(),
    };
    let comment = gate.result.as_ref().and_then(|result| result["comment"].as_str()).filter(|text| !text.is_empty());
    let comment =
        comment.map_or_else(String::new, |text| format!("<dl><dt>Comment</dt><dd>{}</dd></dl>", escape(text)));
    format!("<section><h2>{}</h2>{comment}</section>\n", escape(&said))
}

fn block(title: &str, value: &Json) -> String {
    let mut rows = Vec::new();
    let is_all = flatten("", value, &mut rows);
    let mut html = format!("<section><h2>{}</h2><dl>", escape(&clip(title)));
    for Row { name, text, is_whole } in rows {
        let name = if name.is_empty() { String::new() } else { format!("<dt>{}</dt>", escape(&name)) };
        // A clipped address leads elsewhere.
        let text = if is_whole { text_or_link(&text) } else { escape(&text) };
        html.push_str(&format!("{name}<dd>{text}</dd>"));
    }
    if !is_all {
        html.push_str("<dd class=\"soft\">and more</dd>");
    }
    html.push_str("</dl></section>\n");
    html
}

/// A value that is shown: both texts clipped.
struct Row {
    name: String,
    text: String,
    is_whole: bool,
}

/// One row for each value that holds no others; whether there was room for all.
fn flatten(path: &str, value: &Json, rows: &mut Vec<Row>) -> bool {
    let text = match value {
        Json::Object(fields) => {
            return fields.iter().all(|(name, value)| {
                let path = if path.is_empty() { clip(name) } else { clip(&format!("{path}.{name}")) };
                flatten(&path, value, rows)
            });
        }
        Json::Array(items) => {
            return items
                .iter()
                .enumerate()
                .all(|(i, value)| flatten(&clip(&format!("{path} {}", i + 1)), value, rows));
        }
        Json::Null => return true,
        _ if rows.len() >= MAX_ROWS => return false,
        Json::String(text) => clip(text),
        other => other.to_string(),
    };
    let is_whole = value.as_str().is_none_or(|whole| whole == text);
    rows.push(Row { name: path.into(), text, is_whole });
    true
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// `2026-11-20T21:05:33.123Z` for people.
fn minute(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => rfc3339.into(),
    }
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(&clip(title))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_one_by_one() {
        let mut rows = Vec::new();
        let value = serde_json::json!({"urls": ["https://a.example/1", "x"], "n": 3, "deep": {"ok": true}, "no": null});
        assert!(flatten("", &value, &mut rows));
        let rows: Vec<String> = rows.into_iter().map(|row| format!("{}={}", row.name, row.text)).collect();
        assert_eq!(rows, ["urls 1=https://a.example/1", "urls 2=x", "n=3", "deep.ok=true"]);
        let html = block("Result of <b>", &value);
        assert!(html.contains("<a href=\"https://a.example/1\" rel=\"noreferrer"), "{html}");
        assert!(html.contains("Result of &lt;b&gt;"), "{html}");
    }

    #[test]
    fn what_is_too_long_is_clipped_and_no_link() {
        for over in 1..=20 {
            let start = "https://a.example/";
            let long = format!("{start}{}", "x".repeat(MAX_TEXT - start.len() + over));
            let html = block("r", &Json::String(long));
            assert!(!html.contains("<a ") && html.contains('…'), "{over}: {}", html.len());
        }
        let many = Json::Array((0..MAX_ROWS + 5).map(Json::from).collect());
        assert!(block("r", &many).contains("and more"));
        let all = Json::Array((0..MAX_ROWS).map(Json::from).collect());
        assert!(!block("r", &all).contains("and more"));
    }

    #[test]
    fn nothing_is_built_that_is_not_shown() {
        let mut value = Json::Array((0..10_000).map(Json::from).collect());
        for _ in 0..40 {
            value = serde_json::json!({ "long".repeat(1_000): value });
        }
        let mut rows = Vec::new();
        assert!(!flatten("", &value, &mut rows));
        assert_eq!(rows.len(), MAX_ROWS);
        assert!(rows.iter().all(|row| row.name.chars().count() <= MAX_TEXT + 1), "names are clipped");
        assert!(block("r", &value).len() < MAX_ROWS * (MAX_TEXT + 100));
    }

    #[test]
    fn times_are_for_people() {
        assert_eq!(minute("2026-11-20T21:05:33.123Z"), "2026-11-20 21:05 UTC");
        assert_eq!(minute("soon"), "soon");
    }
}
