//! A conversation's state: active from creation, then ended once.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::state::now_ms;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Ended,
}

#[derive(Debug, Clone)]
pub struct Conversation {
    pub id: String,
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
    pub fn from_request(body: &Value, host: &str, id: String) -> Result<Self, String> {
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

/// RFC 3339 in UTC with milliseconds (days to civil date: Hinnant, "chrono-Compatible Low-Level Date Algorithms").
pub fn timestamp(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1000)
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
    pub fn end(&mut self, id: &str, reason: &str) -> Option<Conversation> {
        let conversation = self.all.get_mut(id).filter(|conversation| conversation.is_active())?;
        conversation.status = Status::Ended;
        conversation.ended_ms = Some(now_ms());
        conversation.shutdown_reason = Some(reason.to_owned());
        Some(conversation.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        let rows = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_709_164_800_123, "2024-02-29T00:00:00.123Z"),
            (1_777_434_349_000, "2026-04-29T03:45:49.000Z"),
        ];
        for (ms, expected) in rows {
            assert_eq!(timestamp(ms), expected);
        }
    }
}
