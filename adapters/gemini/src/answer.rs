//! Reads one `GenerateContentResponse`: a whole answer, or one event of a stream.

use adapter::Fields;
use adapter::prelude::*;
use chat::Finish;
use serde_json::Value;

use crate::counts::Counts;
use crate::finish;

/// What one answer or event says.
#[derive(Debug)]
pub struct Part {
    pub id: Option<String>,
    pub model: Option<String>,
    pub pieces: Vec<Piece>,
    /// Set once the model has stopped, or the prompt was blocked.
    pub finish: Option<Finish>,
    pub counts: Option<Counts>,
    /// Bytes of everything the model wrote, in whatever field it stands: a token is at least one byte.
    pub delivered: u64,
}

/// What the page gets of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Call(FunctionCall),
}

/// The model wants a function called.
#[derive(Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// Absent from older models.
    pub id: Option<String>,
    pub name: String,
    /// A JSON object, with the vendor's digits and order but without its indentation.
    pub arguments: String,
}

impl Part {
    /// Reads an answer or an event.
    ///
    /// # Errors
    /// Not this protocol, or the vendor's word of an error.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let fields = Fields::parse(json).map_err(|_| "the answer is not a JSON object".to_owned())?;
        if fields.raw("error").is_some() {
            return Err("the vendor broke off with an error".to_owned());
        }
        let candidates = list(&fields, "candidates")?;
        let usage: Option<Fields> = fields.get("usageMetadata");
        let feedback: Fields = fields.get("promptFeedback").unwrap_or_default();
        let blocked = feedback.raw("blockReason").is_some();
        // An event may bring usage alone; an object that brings nothing of this protocol is something else.
        if fields.raw("candidates").is_none() && usage.is_none() && !blocked {
            return Err("the answer has no candidates".to_owned());
        }
        let mut part = Self {
            id: fields.get("responseId"),
            model: fields.get("modelVersion"),
            pieces: Vec::new(),
            finish: blocked.then_some(Finish::ContentFilter),
            counts: usage.as_ref().and_then(Counts::read),
            delivered: 0,
        };
        for (index, candidate) in candidates.iter().enumerate() {
            part.delivered = part.delivered.saturating_add(delivered_bytes(candidate));
            // One answer was asked for; a second one is billed, but there is no place for it.
            if index == 0 {
                part.read_first(candidate)?;
            }
        }
        Ok(part)
    }

    fn read_first(&mut self, candidate: &Fields) -> Result<(), String> {
        let reason: Option<String> = candidate.get("finishReason");
        self.finish = reason.as_deref().and_then(finish::read).or(self.finish);
        let content: Fields = candidate.get("content").unwrap_or_default();
        for part in list(&content, "parts")? {
            self.pieces.extend(read_piece(&part)?);
        }
        Ok(())
    }
}

fn list(fields: &Fields, name: &str) -> Result<Vec<Fields>, String> {
    if fields.raw(name).is_none() {
        return Ok(Vec::new());
    }
    fields.get(name).ok_or_else(|| format!("{name} of the answer can't be read"))
}

/// Thoughts stay with the vendor, and kinds that weren't asked for are passed over; both count as delivered.
fn read_piece(part: &Fields) -> Result<Option<Piece>, String> {
    if part.get::<bool>("thought") == Some(true) {
        return Ok(None);
    }
    if let Some(call) = part.raw("functionCall") {
        let call = Fields::parse(call.as_bytes()).map_err(|_| "a function call can't be read".to_owned())?;
        return read_call(&call).map(|call| Some(Piece::Call(call)));
    }
    let text: Option<String> = part.get("text");
    Ok(text.filter(|text| !text.is_empty()).map(Piece::Text))
}

fn read_call(call: &Fields) -> Result<FunctionCall, String> {
    let name: Option<String> = call.get("name");
    let name = name.filter(|name| !name.is_empty()).ok_or_else(|| "a function call has no name".to_owned())?;
    let arguments = call.raw("args").unwrap_or("{}");
    if !arguments.starts_with('{') {
        return Err("a function call's arguments are no object".to_owned());
    }
    Ok(FunctionCall { id: call.get("id"), name, arguments: compact(arguments) })
}

/// `json` without the white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = *c != '"' || escaped;
            escaped = *c == '\\' && !escaped;
            return true;
        }
        in_string = *c == '"';
        !c.is_ascii_whitespace()
    };
    json.chars().filter(keep).collect()
}

/// Bytes of what the model wrote in all parts of `candidate`, also in kinds that are new to us: those are billed as well.
fn delivered_bytes(candidate: &Fields) -> u64 {
    let content: Value = candidate.get("content").unwrap_or_default();
    let parts = content.get("parts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let members = parts.iter().filter_map(Value::as_object).flatten();
    // What marks a thought, and the vendor's signature of a part, aren't the model's words.
    let written = members.filter(|(name, _)| !matches!(name.as_str(), "thought" | "thoughtSignature"));
    let written = written.map(|(_, value)| written_bytes(value));
    written.fold(0, u64::saturating_add)
}

/// Bytes of all texts, names and numbers below `value`.
fn written_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Number(number) => number.to_string().len() as u64,
        Value::Array(items) => items.iter().map(written_bytes).fold(0, u64::saturating_add),
        Value::Object(members) => members
            .iter()
            .fold(0, |sum, (name, value)| sum.saturating_add(name.len() as u64).saturating_add(written_bytes(value))),
        Value::Bool(_) => 5,
        Value::Null => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_json_keeps_its_strings() {
        let rows = [
            ("{\n  \"a\": [ 1.50 , true ]\n}", r#"{"a":[1.50,true]}"#),
            (r#"{ "a b": "c \" d \\" , "e": " " }"#, r#"{"a b":"c \" d \\","e":" "}"#),
            ("{}", "{}"),
        ];
        for (json, expected) in rows {
            assert_eq!(compact(json), expected, "{json}");
        }
    }
}
