//! Meters an answer: it is read whole and goes on as a short list of articles.

use adapter::prelude::*;
use adapter::{Collect, Fields, Meter, Quantity, Unit, Usage, capped, is_id, is_plain_url};
use serde_json::{Map, Value, json};

use crate::clean::plain;
use crate::plan::MAX_BYTES;

/// The vendor's own largest page.
const MAX_ARTICLES: usize = 100;

/// The vendor counts requests, and this one has been answered.
pub struct NewsMeter {
    body: Collect,
    usage: Usage,
}

impl NewsMeter {
    pub fn new(worst_case: &[Quantity]) -> Self {
        let usage = Usage::Counted(vec![capped(Unit::Requests, 1, worst_case)]);
        Self { body: Collect::new(MAX_BYTES), usage }
    }
}

impl Meter for NewsMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        normalised(&self.body.take())
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}

/// An error may come with status 200, so the body's own status decides.
fn normalised(body: &[u8]) -> Result<Vec<u8>, String> {
    let answer = Fields::parse(body).map_err(|_| "the answer is not a JSON object".to_owned())?;
    if answer.get::<String>("status").as_deref() != Some("ok") {
        return Err("the answer says that it is an error".to_owned());
    }
    let articles: Vec<Fields> =
        answer.get("articles").ok_or_else(|| "the answer has no list of articles".to_owned())?;
    let articles: Vec<Value> = articles.iter().take(MAX_ARTICLES).filter_map(article).collect();
    Ok(json!({ "articles": articles }).to_string().into_bytes())
}

/// An article needs a title; whatever else is missing or not plain is left out.
fn article(fields: &Fields) -> Option<Value> {
    let text = |name: &str, max| fields.get::<String>(name).and_then(|text| plain(&text, max));
    // The vendor keeps the place of an article that was taken back.
    let title = text("title", 200).filter(|title| title != "[Removed]")?;
    let source: Fields = fields.get("source").unwrap_or_default();
    let members = [
        ("title", Some(title)),
        ("description", text("description", 500)),
        ("source", source.get::<String>("name").and_then(|name| plain(&name, 80))),
        ("url", fields.get::<String>("url").filter(|url| is_plain_url(url))),
        ("published_at", fields.get::<String>("publishedAt").filter(|at| is_id(at, 40, "-:.+"))),
    ];
    let object: Map<String, Value> =
        members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?)))).collect();
    Some(Value::Object(object))
}
