//! Reads a request in OpenAI's shape.

use serde_json::Value;

use crate::chat::{Message, Prompt, text_of};

/// Status, field and sentence.
pub type Refusal = (u16, &'static str, &'static str);

/// What is asked, or why it isn't answered.
pub fn read(request: &Value) -> Result<Prompt, Refusal> {
    let model = request["model"].as_str().ok_or((400, "model", "you must provide a model parameter"))?;
    if model.starts_with("no-such") {
        return Err((404, "model", "The model does not exist or you do not have access to it."));
    }
    let messages = request["messages"].as_array().ok_or((400, "messages", "Missing required parameter."))?;
    if messages.is_empty() {
        return Err((400, "messages", "Invalid 'messages': empty array."));
    }
    if request["stream"] != true && !request["stream_options"].is_null() {
        return Err((400, "stream_options", "The 'stream_options' parameter is only allowed when streaming."));
    }
    Ok(Prompt {
        model: model.to_owned(),
        messages: messages_of(request),
        limit: request["max_completion_tokens"].as_u64().or(request["max_tokens"].as_u64()),
        answers: request["n"].as_u64().unwrap_or(1),
        tool: request["tools"][0]["function"]["name"].as_str().map(ToOwned::to_owned),
    })
}

/// The text in which magic words stand.
pub fn last_user_text(request: &Value) -> String {
    Prompt { messages: messages_of(request), ..Prompt::default() }.last_user_text().to_owned()
}

fn messages_of(request: &Value) -> Vec<Message> {
    let read = |message: &Value| Message {
        role: message["role"].as_str().unwrap_or_default().to_owned(),
        text: text_of(&message["content"]),
    };
    request["messages"].as_array().into_iter().flatten().map(read).collect()
}
