//! What a stream says when there is nothing to tell. Nobody learns that a client has gone but by writing to it, and until
//! then the stream holds an instance of the gate, and asks the store for more.

use calendar::{Millis, SECOND};

/// The smallest sign of life, which shows who has gone.
const PULSE_MS: u64 = 3 * SECOND;
/// One that brings the place along, and how often it is asked whether the credential is still good.
pub const HEARTBEAT_MS: u64 = 15 * SECOND;

/// Since when nothing has been said.
pub struct Silence {
    /// Anything at all.
    said: Millis,
    /// A place: with an event, or without.
    placed: Millis,
}

impl Silence {
    pub fn since(now: Millis) -> Self {
        Self { said: now, placed: now }
    }

    /// What is to be said now, if it is time; from then on it counts as said.
    pub fn ends(&mut self, now: Millis, place: u64) -> Option<String> {
        if now.since(self.placed) >= HEARTBEAT_MS {
            *self = Self::since(now);
            return Some(heartbeat(place));
        }
        (now.since(self.said) >= PULSE_MS).then(|| {
            self.said = now;
            // An empty comment.
            ":\n\n".to_owned()
        })
    }
}

/// A comment; the id beside it spares a page that comes back all that wasn't its own.
fn heartbeat(place: u64) -> String {
    format!(": still here\nid: {place}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_a_silent_stream_shows_within_seconds_who_has_gone() {
        let start = Millis(1_000_000);
        let mut silence = Silence::since(start);
        let mut said = Vec::new();
        for ms in (500..=33_000).step_by(500) {
            // An event in between begins it anew.
            if ms == 20_000 {
                silence = Silence::since(start.plus(ms));
            } else if let Some(text) = silence.ends(start.plus(ms), 7) {
                assert!(text == ":\n\n" || text == ": still here\nid: 7\n\n", "{text:?}");
                said.push((ms / 1_000, text.contains("id")));
            }
        }
        let pulses = [3, 6, 9, 12].map(|second| (second, false));
        let more = [23, 26, 29, 32].map(|second| (second, false));
        assert_eq!(said, [&pulses[..], &[(15, true), (18, false)], &more].concat());
    }
}
