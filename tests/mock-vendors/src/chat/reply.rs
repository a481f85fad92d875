//! What a model says, and what it counts: the same at every vendor, whatever its wire looks like.

use serde_json::{Value, json};

use crate::fault::words;

/// What a vendor has read from its own request.
#[derive(Debug, Default)]
pub struct Prompt {
    pub model: String,
    /// Instructions count as a message.
    pub messages: Vec<Message>,
    /// At most so many deltas.
    pub limit: Option<u64>,
    /// How many answers are wanted; 0 is taken as 1.
    pub answers: u64,
    /// The first tool on offer; it is called if the text says `[[tool]]`.
    pub tool: Option<String>,
}

#[derive(Debug)]
pub struct Message {
    pub role: String,
    pub text: String,
}

impl Prompt {
    /// The text of the last message by the user: magic words stand there.
    pub fn last_user_text(&self) -> &str {
        let last = self.messages.iter().rev().find(|message| message.role == "user");
        last.map(|message| message.text.as_str()).unwrap_or_default()
    }

    /// The name in "You are NAME" of the system message.
    fn persona(&self) -> &str {
        let system = self.messages.iter().find(|message| message.role == "system" || message.role == "developer");
        let text = system.map(|message| message.text.as_str()).unwrap_or_default();
        let name = text.split_once("You are ").map(|(_, rest)| rest.split(['.', ',', '\n']).next().unwrap_or(rest));
        name.filter(|name| !name.is_empty() && name.len() < 40).unwrap_or("your twin")
    }
}

/// A reply to one request. The numbers are plain rules, so that a test can compute them:
/// a prompt has one token for four bytes of its texts, rounded up, and a reply one for each delta.
#[derive(Debug)]
pub struct Reply {
    pub model: String,
    /// One list of deltas per choice; of the tool's arguments, if a tool is called.
    pub choices: Vec<Vec<String>>,
    /// The tool that is called.
    pub tool: Option<String>,
    /// What the model thinks before it speaks, if the text says `[[think]]`.
    pub thoughts: Vec<String>,
    pub end: End,
    pub prompt_tokens: u64,
    /// Of the prompt's; half of them if the text says `[[cached]]`.
    pub cached_tokens: u64,
    /// With the thoughts.
    pub completion_tokens: u64,
}

/// Why a reply ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Said,
    TooLong,
    Tool,
}

impl Reply {
    pub fn to(prompt: &Prompt) -> Self {
        let question = prompt.last_user_text();
        let says = |word: &str| words(question).any(|other| other == word);
        let tool = prompt.tool.clone().filter(|_| says("tool"));
        let text = match &tool {
            Some(_) => json!({ "question": plain(question), "how": "in short" }).to_string(),
            None => sentence(prompt.persona(), question),
        };
        let all = deltas(&text);
        let limit = prompt.limit.map_or(usize::MAX, |limit| limit as usize);
        let end = match &tool {
            _ if all.len() > limit => End::TooLong,
            Some(_) => End::Tool,
            None => End::Said,
        };
        let deltas: Vec<String> = all.into_iter().take(limit).collect();
        let thoughts: Vec<String> =
            ["Let", " me", " see."].into_iter().filter(|_| says("think")).map(ToOwned::to_owned).collect();
        let answers = prompt.answers.clamp(1, 8) as usize;
        let prompt_bytes: usize = prompt.messages.iter().map(|message| message.text.len()).sum();
        let prompt_tokens = prompt_bytes.div_ceil(4) as u64;
        Self {
            model: prompt.model.clone(),
            completion_tokens: ((deltas.len() + thoughts.len()) * answers) as u64,
            choices: vec![deltas; answers],
            tool,
            thoughts,
            end,
            prompt_tokens,
            cached_tokens: if says("cached") { prompt_tokens / 2 } else { 0 },
        }
    }

    /// The first choice's text, or the tool's arguments.
    pub fn text(&self) -> String {
        self.choices.first().map(|deltas| deltas.concat()).unwrap_or_default()
    }

    /// The tool's arguments as an object; empty if they were cut short.
    pub fn arguments(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or_else(|_| json!({}))
    }
}

/// A text, or the texts of a list of parts.
pub fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// The text without its magic words, and not too long.
fn plain(question: &str) -> String {
    let plain: String = question.split("[[").map(|part| part.split_once("]]").map_or(part, |(_, rest)| rest)).collect();
    plain.trim().chars().take(120).collect()
}

fn sentence(persona: &str, question: &str) -> String {
    let asked = plain(question);
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
