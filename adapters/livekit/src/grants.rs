//! What a token allows: the gate's own, and the visitor's.

use adapter::prelude::*;
use adapter::{Fields, Grants, Live};
use serde_json::{Map, Value, json};

/// How long a token of the gate is good: as long as a slow call takes.
const SERVICE_SECONDS: u32 = 60;

/// How long the visitor has for joining. Who is in stays in: the server renews the token by itself.
pub const JOIN_SECONDS: u64 = 60;
/// The longest that the options may make it.
pub const MAX_JOIN_SECONDS: u64 = 600;

/// All that a visitor may ever send.
const SOURCES: [&str; 4] = ["microphone", "camera", "screen_share", "screen_share_audio"];
/// What a visitor sends unless the options say more.
pub const DEFAULT_SOURCES: &str = "microphone";

/// To create rooms, and to delete them: the server asks for the same grant.
pub fn service() -> Grants {
    Grants { claims: json!({ "video": { "roomCreate": true } }).to_string(), ttl_seconds: SERVICE_SECONDS }
}

/// What the options say of the visitor's token. It travels in the room's metadata, since the answer of the server is all
/// that is at hand when the token is made, and is checked again when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    pub ttl_seconds: u64,
    pub sources: Vec<&'static str>,
}

impl Joining {
    /// `None` for a source that doesn't exist.
    pub fn new(ttl_seconds: u64, sources: &str) -> Option<Self> {
        let known = |source: &str| SOURCES.into_iter().find(|known| *known == source.trim());
        let sources = sources.split(',').map(known).collect::<Option<Vec<_>>>()?;
        (1..=MAX_JOIN_SECONDS).contains(&ttl_seconds).then_some(Self { ttl_seconds, sources })
    }

    /// As it is written into the metadata.
    pub fn to_json(&self) -> Value {
        json!({ "ttl": self.ttl_seconds, "publish": self.sources.join(",") })
    }

    /// Out of the metadata; what can't be read there counts as not said, which allows the least.
    pub fn read(metadata: &Fields) -> Self {
        let join: Fields = metadata.get("join").unwrap_or_default();
        let sources: Option<String> = join.get("publish");
        let ttl_seconds = join.get("ttl").unwrap_or(JOIN_SECONDS);
        Self::new(ttl_seconds, sources.as_deref().unwrap_or(DEFAULT_SOURCES))
            .unwrap_or_else(|| Self { ttl_seconds: JOIN_SECONDS, sources: vec![DEFAULT_SOURCES] })
    }

    /// The visitor's token: this room, and in it to listen and to send what is allowed.
    pub fn grants(&self, session: &Live) -> Grants {
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), json!(session.visitor));
        let video = json!({
            "roomJoin": true,
            "room": session.id,
            "canSubscribe": true,
            "canPublish": true,
            "canPublishData": true,
            "canPublishSources": self.sources,
        });
        claims.insert("video".to_owned(), video);
        if let Some(label) = &session.disclosure {
            claims.insert("attributes".to_owned(), json!({ "ai_disclosure": label }));
        }
        let ttl_seconds = u32::try_from(self.ttl_seconds).unwrap_or(1);
        Grants { claims: Value::Object(claims).to_string(), ttl_seconds }
    }
}
