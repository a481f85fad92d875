//! Reads a whole answer, which goes on as a short list of articles.

use adapter::prelude::*;
use adapter::{Fields, is_id, is_plain_url};
use serde_json::{Map, Value, json};

use crate::clean::plain;

/// The vendor's own largest page.
const MAX_ARTICLES: usize = 100;

/// An error may come with status 200, so the body's own status decides.
pub fn normalised(body: &[u8]) -> Result<Vec<u8>, String> {
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
