//! Live sessions of all vendors in one form, so that a test can ask which are running.

use serde::Serialize;

use crate::{State, heygen, livekit, tavus};

/// A video conversation or a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveSession {
    pub vendor: &'static str,
    /// The vendor's id; of LiveKit the room's name.
    pub id: String,
    /// Whose it is; of LiveKit the key's id and its secret, as a binding has it.
    pub key: String,
    /// `created` (HeyGen only: nobody has started it), `active`, `ended`
    pub status: &'static str,
    pub started_ms: Option<u64>,
    pub ended_ms: Option<u64>,
    /// Why it ended.
    pub reason: Option<String>,
}

impl State {
    /// All live sessions since the start, ended ones included.
    pub fn live(&self) -> Vec<LiveSession> {
        [tavus::sessions(self), heygen::sessions(self), livekit::sessions(self)].concat()
    }

    /// The vendor ends a session by itself: time is up, or everybody has left. It reports that it ended at `ended_ms`.
    pub async fn end_live(&self, vendor: &str, id: &str, ended_ms: u64) {
        match vendor {
            "tavus" => tavus::shut_down(self, id, "participant_left_timeout reached", ended_ms).await,
            "heygen" => heygen::stop(self, id, "IDLE_TIMEOUT"),
            "livekit" => livekit::close(self, id, ended_ms).await,
            _ => {}
        }
    }
}
