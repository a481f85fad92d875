//! Reads the answer to a message.

use adapter::Fields;
use adapter::prelude::*;
use serde_json::json;

/// What the vendor took, in the gate's words: `{"message_id": "1366"}`.
pub fn sent(body: &[u8]) -> Result<Vec<u8>, String> {
    let answer = Fields::parse(body).map_err(|_| "the answer is not a JSON object".to_owned())?;
    if answer.get("ok") != Some(true) {
        return Err("the answer says that nothing was sent".to_owned());
    }
    let message: Option<Fields> = answer.get("result");
    let id: Option<i64> = message.and_then(|message| message.get("message_id"));
    let id = id.ok_or_else(|| "the answer names no message".to_owned())?;
    Ok(json!({ "message_id": id.to_string() }).to_string().into_bytes())
}
