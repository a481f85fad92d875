//! What the model says, and what it counts.

use serde_json::Value;

use crate::fault::words;

/// A reply to one request. The numbers are plain rules, so that a test can compute them:
/// a prompt has one token for four bytes of its texts, rounded up, and a reply one for each delta.
#[derive(Debug)]
pub struct Reply {
    pub model: String,
    /// One list of deltas per choice.
    pub choices: Vec<Vec<String>>,
    pub finish_reason: &'static str,
    pub prompt_tokens: u64,
    /// Of the prompt's; half of them if the text says `[[cached]]`.
    pub cached_tokens: u64,
    pub completion_tokens: u64,
}

/// Status, field and sentence.
pub type Refusal = (u16, &'static str, &'static str);

impl Reply {
    pub fn to(request: &Value) -> Result<Self, Refusal> {
        let model = request["model"].as_str().ok_or((400, "model", "you must provide a model parameter"))?;
        if model.starts_with("no-such") {
            return Err((404, "model", "The model does not exist or you do not have access to it."));
        }
        let messages = request["messages"].as_array().ok_or((400, "messages", "Missing required parameter."))?;
        if messages.is_empty() {
            return Err((400, "messages", "Invalid 'messages': empty array."));
        }
        let streamed = request["stream"] == true;
        if !streamed && !request["stream_options"].is_null() {
            return Err((400, "stream_options", "The 'stream_options' parameter is only allowed when streaming."));
        }
        let answers = request["n"].as_u64().unwrap_or(1).clamp(1, 8) as usize;
        let limit = request["max_completion_tokens"].as_u64().or(request["max_tokens"].as_u64());
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);

        let question = last_user_text(request);
        let deltas = deltas(&sentence(&persona(messages), &question));
        let finish_reason = if deltas.len() > limit { "length" } else { "stop" };
        let deltas: Vec<String> = deltas.into_iter().take(limit).collect();

        let prompt_bytes: usize = messages.iter().map(|message| text_of(&message["content"]).len()).sum();
        let prompt_tokens = prompt_bytes.div_ceil(4) as u64;
        let cached = words(&question).any(|word| word == "cached");
        Ok(Self {
            model: model.to_owned(),
            completion_tokens: (deltas.len() * answers) as u64,
            choices: vec![deltas; answers],
            finish_reason,
            prompt_tokens,
            cached_tokens: if cached { prompt_tokens / 2 } else { 0 },
        })
    }
}

/// The text of the last message by the user.
pub fn last_user_text(request: &Value) -> String {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let last = messages.iter().rev().find(|message| message["role"] == "user");
    last.map(|message| text_of(&message["content"])).unwrap_or_default()
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// The name in "You are NAME" of the system message.
fn persona(messages: &[Value]) -> String {
    let system = messages.iter().find(|message| message["role"] == "system" || message["role"] == "developer");
    let text = system.map(|message| text_of(&message["content"])).unwrap_or_default();
    let name = text.split_once("You are ").map(|(_, rest)| rest.split(['.', ',', '\n']).next().unwrap_or(rest));
    name.filter(|name| !name.is_empty() && name.len() < 40).unwrap_or("your twin").to_owned()
}

fn sentence(persona: &str, question: &str) -> String {
    let plain: String = question.split("[[").map(|part| part.split_once("]]").map_or(part, |(_, rest)| rest)).collect();
    let asked: String = plain.trim().chars().take(120).collect();
    let mut text = format!(
        "Hi, {persona} here \u{1F44B} You said: \u{201C}{asked}\u{201D}. That's a good one — I'd start small, see what \
         happens, and tell you honestly how it went. What matters most to you about it?"
    );
    if words(question).any(|word| word == "long") {
        for number in 1..=40 {
            text.push_str(&format!(" And another thought, number {number}: naïveté is allowed, too."));
        }
    }
    text
}

/// Words with the space before them, as tokens come.
fn deltas(text: &str) -> Vec<String> {
    text.split(' ').enumerate().map(|(index, word)| if index == 0 { word.into() } else { format!(" {word}") }).collect()
}
