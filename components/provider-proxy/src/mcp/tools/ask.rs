//! `ask`: a question to the tenant's chat.

use serde::Deserialize;
use serde_json::{Value as Json, json};
use shell::Problem;

use super::{Asked, Given, Use, arguments};
use crate::{chat, vendor};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    question: String,
    #[serde(default)]
    model: Option<String>,
}

pub fn described() -> Json {
    json!({
        "name": "ask",
        "title": "Ask",
        "description": "Asks the assistant one question and gives its answer. Each question costs money, within the \
            limits of whoever owns the key.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "question": { "type": "string", "minLength": 1, "description": "The question, in any language." },
                "model": {
                    "type": "string",
                    "description": "A model or route by its name, as GET /v1/models lists them; by default `auto`.",
                },
            },
            "required": ["question"],
            "additionalProperties": false,
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "answer": { "type": "string" },
                "provider": { "type": ["string", "null"], "description": "Who answered." },
                "model": { "type": ["string", "null"], "description": "By which model." },
                "limit_check_id": { "type": ["string", "null"], "description": "What it was charged to." },
                "disclosure": { "type": ["string", "null"], "description": "What must be shown beside the answer." },
            },
            "required": ["answer", "provider", "model", "limit_check_id", "disclosure"],
        },
        "annotations": {
            "title": "Ask", "readOnlyHint": false, "destructiveHint": false, "idempotentHint": false,
            "openWorldHint": true,
        },
    })
}

pub async fn run(asked: &Asked<'_>, used: Use) -> Result<Given, Problem> {
    let Question { question, model } = arguments(used.arguments)?;
    if question.trim().is_empty() {
        return Err(Problem::invalid("question", "must not be empty"));
    }
    let tenant = vendor::tenant(asked.store, &asked.grant.tenant)?;
    let (request_id, key) = (&asked.call.request_id, used.meta.key.as_deref());
    let said =
        chat::ask(asked.store, &asked.grant, request_id, &question, model.as_deref(), key, asked.deadline).await?;
    let structured = json!({
        "answer": said.text,
        "provider": said.provider,
        "model": said.model,
        "limit_check_id": said.limit_check_id,
        "disclosure": tenant.disclosure.shown(),
    });
    Ok(Given { text: said.text, structured })
}
