//! One event, as it is kept and told.

use calendar::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

/// Something that happened at a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `msg_` and 32 hex digits. What makes the event again makes the same id.
    pub id: String,
    /// Such as `job.done`.
    pub kind: String,
    /// When it happened.
    pub at: Millis,
    /// The page's session that it belongs to, if any: its page is told too.
    pub session: Option<String>,
    /// What there is to know of it.
    pub data: Json,
}

impl Event {
    /// `subject` is what makes it the same event again: the id of what it happened to, and which time it was where a
    /// thing can happen more than once.
    #[must_use]
    pub fn new(kind: &str, subject: &str, at: Millis, session: Option<&str>, data: Json) -> Self {
        let digest = digest(&[kind, subject]);
        Self {
            id: format!("msg_{}", digest.get(..32).unwrap_or(&digest)),
            kind: kind.into(),
            at,
            session: session.map(str::to_owned),
            data,
        }
    }

    /// As a webhook's body and a page's stream tell it.
    #[must_use]
    pub fn told(&self) -> Json {
        json!({ "id": self.id, "type": self.kind, "timestamp": self.at.to_string(), "data": self.data })
    }
}

/// The hash of parts that can hold anything: each is hashed by itself first, so that no two lists look the same.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(Sha256::digest(part.as_bytes())));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_what_happened_to_what() {
        let id = |kind: &str, subject: &str, at: u64| Event::new(kind, subject, Millis(at), None, Json::Null).id;
        assert_eq!(id("job.done", "job_1", 1), id("job.done", "job_1", 2));
        assert_ne!(id("job.done", "job_1", 1), id("job.failed", "job_1", 1));
        assert_ne!(id("job.done", "job_1", 1), id("job.done", "job_2", 1));
        assert_ne!(id("a", "bc", 1), id("ab", "c", 1));
        assert_eq!(id("a", "b", 1).len(), 4 + 32);
    }

    #[test]
    fn what_is_told_says_when_in_words_and_nothing_of_the_session() {
        let event = Event::new("job.done", "job_1", Millis(0), Some("ses_1"), json!({"job": "job_1"}));
        let told = json!({"id": event.id, "type": "job.done", "timestamp": "1970-01-01T00:00:00.000Z", "data": {"job": "job_1"}});
        assert_eq!(event.told(), told);
    }
}
