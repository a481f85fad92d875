//! A session's state: created by its token, active from its start, then ended once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::timestamp;
use crate::jwt;
use crate::live::LiveSession;
use crate::state::now_ms;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Created,
    Active,
    Ended,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: String,
    /// The key that minted it.
    pub key: String,
    pub token: String,
    pub status: Status,
    /// The page sends the sound itself.
    pub is_lite: bool,
    pub max_seconds: u64,
    started_ms: Option<u64>,
    ended_ms: Option<u64>,
    reason: Option<String>,
}

impl Session {
    /// The first field that is missing, otherwise.
    pub fn from_request(body: &Value, key: String, id: String) -> Result<Self, &'static str> {
        let is_lite = match body["mode"].as_str() {
            Some("FULL") => false,
            Some("LITE") => true,
            _ => return Err("mode"),
        };
        if !body["avatar_id"].is_string() {
            return Err("avatar_id");
        }
        if !is_lite && !body["avatar_persona"].is_object() {
            return Err("avatar_persona");
        }
        let token = jwt::sign(&json!({"session_id": id, "iat": now_ms() / 1000}), "mock-secret-of-heygen");
        let max_seconds = body["max_session_duration"].as_u64().unwrap_or(1_200);
        Ok(Self {
            id,
            key,
            token,
            status: Status::Created,
            is_lite,
            max_seconds,
            started_ms: None,
            ended_ms: None,
            reason: None,
        })
    }

    /// The visitor's token for the room.
    pub fn client_token(&self) -> String {
        let claims = json!({"sub": "client", "video": {"roomJoin": true, "room": self.id}, "iat": now_ms() / 1000});
        jwt::sign(&claims, "mock-secret-of-heygen")
    }

    pub fn to_json(&self) -> Value {
        let seconds = self.started_ms.map(|from| self.ended_ms.unwrap_or_else(now_ms).saturating_sub(from) / 1000);
        json!({"session_id": self.id, "status": self.word().to_uppercase(), "duration": seconds,
            "started_at": self.started_ms.map(timestamp), "ended_at": self.ended_ms.map(timestamp),
            "end_reason": self.reason})
    }

    pub fn to_live(&self) -> LiveSession {
        LiveSession {
            vendor: "heygen",
            id: self.id.clone(),
            key: self.key.clone(),
            status: self.word(),
            started_ms: self.started_ms,
            ended_ms: self.ended_ms,
            reason: self.reason.clone(),
        }
    }

    fn word(&self) -> &'static str {
        match self.status {
            Status::Created => "created",
            Status::Active => "active",
            Status::Ended => "ended",
        }
    }
}

/// All sessions since the start.
#[derive(Debug, Default)]
pub struct Sessions {
    all: BTreeMap<String, Session>,
    next: u64,
}

impl Sessions {
    /// Shaped like a UUID, and unlike that of any other session, also after a restart of the mock.
    pub fn next_id(&mut self) -> String {
        self.next += 1;
        let (now, number) = (now_ms(), self.next);
        format!("{:08x}-{:04x}-4000-8000-{number:012x}", (now >> 16) as u32, now as u16)
    }

    pub fn add(&mut self, session: Session) {
        self.all.insert(session.id.clone(), session);
    }

    /// Of the sessions of this key.
    pub fn get(&self, id: &str, key: &str) -> Option<Session> {
        self.all.get(id).filter(|session| session.key == key).cloned()
    }

    pub fn by_token(&self, token: &str) -> Option<Session> {
        self.all.values().find(|session| session.token == token).cloned()
    }

    pub fn all(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    /// Whether it was this call that started it.
    pub fn start(&mut self, id: &str) -> bool {
        let Some(session) = self.all.get_mut(id).filter(|session| session.status == Status::Created) else {
            return false;
        };
        session.status = Status::Active;
        session.started_ms = Some(now_ms());
        true
    }

    pub fn end(&mut self, id: &str, reason: &str) {
        if let Some(session) = self.all.get_mut(id).filter(|session| session.status != Status::Ended) {
            session.status = Status::Ended;
            session.ended_ms = Some(now_ms());
            session.reason = Some(reason.to_owned());
        }
    }
}
