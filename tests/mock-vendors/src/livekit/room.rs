//! A room's state: open from its creation, then closed once.

use serde_json::{Value, json};

use super::number;
use crate::live::LiveSession;
use crate::state::now_ms;

#[derive(Debug, Clone)]
pub struct Room {
    pub name: String,
    /// Id and secret.
    pub key: String,
    pub empty_timeout: u64,
    pub departure_timeout: u64,
    sid: String,
    max_participants: u64,
    metadata: String,
    participants: Vec<Value>,
    created_ms: u64,
    pub ended_ms: Option<u64>,
    reason: Option<String>,
}

impl Room {
    pub fn from_request(body: &Value, key: &str, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: key.to_owned(),
            empty_timeout: number(body, "empty_timeout", "emptyTimeout", 300),
            sid: String::new(),
            departure_timeout: number(body, "departure_timeout", "departureTimeout", 20),
            max_participants: number(body, "max_participants", "maxParticipants", 0),
            metadata: body["metadata"].as_str().unwrap_or_default().to_owned(),
            participants: Vec::new(),
            created_ms: now_ms(),
            ended_ms: None,
            reason: None,
        }
    }

    /// The id of the key that it belongs to.
    pub fn key_id(&self) -> &str {
        self.key.split_once(':').map_or(self.key.as_str(), |(id, _)| id)
    }

    /// Large numbers are strings in protobuf's JSON.
    pub fn to_json(&self) -> Value {
        json!({"sid": self.sid, "name": self.name, "emptyTimeout": self.empty_timeout,
            "departureTimeout": self.departure_timeout, "maxParticipants": self.max_participants,
            "creationTime": (self.created_ms / 1000).to_string(), "creationTimeMs": self.created_ms.to_string(),
            "turnPassword": "", "enabledCodecs": [{"mime": "audio/opus"}, {"mime": "video/VP8"}],
            "metadata": self.metadata, "numParticipants": self.participants.len(), "numPublishers": 0,
            "activeRecording": false})
    }

    pub fn to_live(&self) -> LiveSession {
        LiveSession {
            vendor: "livekit",
            id: self.name.clone(),
            key: self.key.clone(),
            status: if self.ended_ms.is_none() { "active" } else { "ended" },
            started_ms: Some(self.created_ms),
            ended_ms: self.ended_ms,
            reason: self.reason.clone(),
        }
    }

    pub fn participants(&self) -> Vec<Value> {
        self.participants.clone()
    }

    /// The room and who has come in; `None` if it is full. The same identity once more takes its own place.
    pub fn join(&mut self, identity: &str, claims: &Value) -> Option<(Room, Value)> {
        self.participants.retain(|one| one["identity"] != identity);
        if self.max_participants > 0 && self.participants.len() as u64 >= self.max_participants {
            return None;
        }
        let participant = json!({"sid": format!("PA_{:x}", now_ms()), "identity": identity, "state": "ACTIVE",
            "name": claims["name"], "metadata": claims["metadata"], "joinedAt": (now_ms() / 1000).to_string(),
            "joinedAtMs": now_ms().to_string()});
        self.participants.push(participant.clone());
        Some((self.clone(), participant))
    }

    /// The room and who has left it.
    pub fn leave(&mut self, identity: &str) -> Option<(Room, Value)> {
        let place = self.participants.iter().position(|one| one["identity"] == identity)?;
        let participant = self.participants.remove(place);
        Some((self.clone(), participant))
    }
}

/// All rooms since the start.
#[derive(Debug, Default)]
pub struct Rooms(Vec<Room>);

impl Rooms {
    pub fn add(&mut self, mut room: Room) {
        room.sid = format!("RM_{:x}{:03}", now_ms(), self.0.len());
        self.0.push(room);
    }

    pub fn all(&self) -> impl Iterator<Item = &Room> {
        self.0.iter()
    }

    pub fn open_of(&self, key: &str) -> impl Iterator<Item = &Room> {
        self.0.iter().filter(move |room| room.key == key && room.ended_ms.is_none())
    }

    pub fn open(&mut self, key: &str, name: &str) -> Option<&mut Room> {
        self.0.iter_mut().find(|room| room.key == key && room.name == name && room.ended_ms.is_none())
    }

    /// The room as it was, if it was this call that closed it.
    pub fn close(&mut self, key: &str, name: &str, reason: &str, at_ms: u64) -> Option<Room> {
        let room = self.open(key, name)?;
        room.ended_ms = Some(at_ms);
        room.reason = Some(reason.to_owned());
        let as_it_was = room.clone();
        room.participants.clear();
        Some(as_it_was)
    }

    pub fn close_by_name(&mut self, name: &str, reason: &str, at_ms: u64) -> Option<Room> {
        let key = self.0.iter().find(|room| room.name == name && room.ended_ms.is_none())?.key.clone();
        self.close(&key, name, reason, at_ms)
    }

    /// Not if it is another of the same name by now.
    pub fn close_if_empty(&mut self, earlier: &Room) -> Option<Room> {
        let room = self.open(&earlier.key, &earlier.name)?;
        if !room.participants.is_empty() || room.created_ms != earlier.created_ms {
            return None;
        }
        self.close(&earlier.key, &earlier.name, "nobody is in it", now_ms())
    }
}

/// Requests come in either spelling.
pub fn member<'a>(body: &'a Value, snake: &str, camel: &str) -> &'a Value {
    if body[snake].is_null() { &body[camel] } else { &body[snake] }
}
