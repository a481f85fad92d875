//! A conversation's state: active from creation, then ended once.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::clock::timestamp;
use crate::state::now_ms;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Ended,
}

#[derive(Debug, Clone)]
pub struct Conversation {
    pub id: String,
    /// The key it was opened with.
    pub key: String,
    pub status: Status,
    pub face: String,
    pub persona: String,
    pub greeting: Option<String>,
    pub url: String,
    pub callback_url: Option<String>,
    pub meeting_token: Option<String>,
    pub max_duration: Duration,
    pub absent_timeout: Duration,
    /// Somebody has opened the room.
    pub visited: bool,
    pub created_ms: u64,
    pub ended_ms: Option<u64>,
    pub shutdown_reason: Option<String>,
}

impl Conversation {
    /// Both the new names (pal, face) and the old ones (persona, replica) are taken.
    pub fn from_request(body: &Value, key: String, host: &str, id: String) -> Result<Self, String> {
        let text = |names: [&str; 2]| names.iter().find_map(|name| body[*name].as_str()).unwrap_or_default().to_owned();
        let (persona, face) = (text(["pal_id", "persona_id"]), text(["face_id", "replica_id"]));
        if persona.is_empty() && face.is_empty() {
            return Err("face_id or pal_id is required".to_owned());
        }
        if persona.starts_with("nope") {
            return Err("Invalid pal_id".to_owned());
        }
        let properties = &body["properties"];
        let seconds = |name: &str, default: u64| Duration::from_secs(properties[name].as_u64().unwrap_or(default));
        let max_duration = seconds("max_call_duration", 3600);
        if max_duration > Duration::from_secs(3600) || max_duration.is_zero() {
            return Err("max_call_duration must be between 1 and 3600".to_owned());
        }
        let test = body["test_mode"] == true;
        Ok(Self {
            status: if test { Status::Ended } else { Status::Active },
            face,
            persona,
            greeting: body["custom_greeting"].as_str().map(ToOwned::to_owned),
            url: format!("http://{host}/tavus/room/{id}"),
            callback_url: body["callback_url"].as_str().map(ToOwned::to_owned),
            meeting_token: (body["require_auth"] == true).then(|| meeting_token(&id)),
            max_duration,
            absent_timeout: seconds("participant_absent_timeout", 300),
            visited: false,
            created_ms: now_ms(),
            ended_ms: None,
            shutdown_reason: None,
            key,
            id,
        })
    }

    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    pub fn to_json(&self) -> Value {
        json!({
            "conversation_id": self.id,
            "conversation_name": format!("Conversation {}", self.id),
            "status": if self.is_active() { "active" } else { "ended" },
            "conversation_url": self.url,
            "callback_url": self.callback_url,
            "replica_id": self.face,
            "persona_id": self.persona,
            "created_at": timestamp(self.created_ms),
            "updated_at": timestamp(self.ended_ms.unwrap_or(self.created_ms)),
            "shutdown_reason": self.shutdown_reason,
        })
    }
}

/// Shaped like a JWT; nobody but the mock's own room looks into it.
fn meeting_token(id: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"alg": "HS256", "typ": "JWT"}));
    format!("{head}.{}.{}", part(json!({"r": id, "iat": now_ms() / 1000})), URL_SAFE_NO_PAD.encode(id))
}

/// All conversations since the start.
#[derive(Debug, Default)]
pub struct Conversations {
    all: BTreeMap<String, Conversation>,
    next: u64,
}

impl Conversations {
    /// Unlike that of any other conversation, also after a restart of the mock.
    pub fn next_id(&mut self) -> String {
        self.next += 1;
        format!("c{:x}x{:04}", now_ms(), self.next)
    }

    pub fn add(&mut self, conversation: Conversation) {
        self.all.insert(conversation.id.clone(), conversation);
    }

    pub fn get(&mut self, id: &str) -> Option<&mut Conversation> {
        self.all.get_mut(id)
    }

    pub fn all(&self) -> Vec<Conversation> {
        self.all.values().cloned().collect()
    }

    pub fn remove(&mut self, id: &str) {
        self.all.remove(id);
    }

    /// The conversation, if it was this call that ended it.
    pub fn end(&mut self, id: &str, reason: &str, at_ms: u64) -> Option<Conversation> {
        let conversation = self.all.get_mut(id).filter(|conversation| conversation.is_active())?;
        conversation.status = Status::Ended;
        conversation.ended_ms = Some(at_ms);
        conversation.shutdown_reason = Some(reason.to_owned());
        Some(conversation.clone())
    }
}
