//! A delivery as it came, and as it is kept.

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::Millis;
use kv_schemas::{Log, Once, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Headers that adapters may need. Signatures and credentials are not kept.
const KEPT_HEADERS: [&str; 9] = [
    "content-type",
    "heygen-event-id",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "x-request-id",
    "x-timestamp",
    "x-upload-post-delivery",
    "x-upload-post-event",
];
/// Longer values are cut off: they are for people to read.
const MAX_HEADER: usize = 512;

/// The headers that are kept and that adapters see: a short list, names in lower case. Adapters see the same when an
/// event is replayed as when it came.
#[must_use]
pub fn kept_headers(headers: &[(&str, &[u8])]) -> Vec<(String, String)> {
    let kept = headers.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(value).chars().take(MAX_HEADER).collect();
        KEPT_HEADERS.contains(&name.as_str()).then_some((name, value))
    });
    kept.collect()
}

/// Who sent a delivery, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Whose webhook it is.
    pub tenant: String,
    /// The vendor.
    pub provider: String,
    /// The scheme by which the signature was verified. What isn't verified is never stored.
    pub verified_by: String,
    /// The live session that a callback token was made for.
    pub live: Option<String>,
}

/// A verified delivery.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Who sent it.
    pub origin: &'a Origin,
    /// What makes a repeat of it the same event.
    pub dedupe_id: &'a str,
    /// What [`kept_headers`] leaves.
    pub headers: &'a [(String, String)],
    /// As received.
    pub body: &'a [u8],
}

impl Delivery<'_> {
    /// The dedupe id, hashed.
    fn sha256(&self) -> String {
        // A callback token speaks for one live session only: it can't use up ids of another one's events.
        digest(&[self.origin.live.as_deref().unwrap_or_default(), self.dedupe_id])
    }

    pub(crate) fn seen(&self) -> Value<Seen> {
        families::WEBHOOK_SEEN.value(&[&self.origin.tenant, &self.origin.provider, &self.sha256()])
    }
}

/// A delivery as it is kept, for replay and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// `evt_...`
    pub id: String,
    /// Who sent it.
    pub origin: Origin,
    /// What makes a repeat of it the same event, hashed.
    pub sha256: String,
    /// When it was received.
    pub received_at: Millis,
    /// Some of the headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body in base64.
    pub body: String,
}

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// Stored; the effect may or may not have happened.
    Pending,
    /// The effect could not happen yet.
    Retrying {
        /// Not tried again before.
        next: Millis,
    },
    /// The effect has happened.
    Done,
    /// The effect can't happen; the event is a dead letter. (Written as `failed` by earlier releases.)
    #[serde(alias = "failed")]
    Dead,
}

/// What is known of a dedupe id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub id: String,
    pub first_at: Millis,
    pub progress: Progress,
    /// Attempts that have failed.
    #[serde(default)]
    pub attempts: u32,
}

/// One line of the lists by which events are retried, and forgotten in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub at: Millis,
    pub id: String,
    pub tenant: String,
    pub provider: String,
    pub sha256: String,
}

impl Listed {
    pub fn seen(&self) -> Value<Seen> {
        families::WEBHOOK_SEEN.value(&[&self.tenant, &self.provider, &self.sha256])
    }

    pub fn applying(&self) -> Once {
        families::WEBHOOK_APPLYING.once(&[&self.tenant, &self.provider, &self.sha256])
    }
}

impl Stored {
    pub(crate) fn new(delivery: &Delivery<'_>, now: Millis) -> Self {
        let origin = delivery.origin;
        let sha256 = delivery.sha256();
        let id = digest(&[&origin.tenant, &origin.provider, &sha256]);
        Self {
            id: format!("evt_{}", id.get(..32).unwrap_or(&id)),
            origin: origin.clone(),
            sha256,
            received_at: now,
            headers: delivery.headers.to_vec(),
            body: STANDARD.encode(delivery.body),
        }
    }

    /// The raw body.
    ///
    /// # Errors
    /// The stored event is damaged.
    pub fn raw_body(&self) -> Result<Vec<u8>, StoreError> {
        let damaged = |_| StoreError::Corrupt { key: place(&self.id).key().into(), reason: "body is no base64".into() };
        STANDARD.decode(&self.body).map_err(damaged)
    }

    pub(crate) fn listed(&self, at: Millis) -> Listed {
        Listed {
            at,
            id: self.id.clone(),
            tenant: self.origin.tenant.clone(),
            provider: self.origin.provider.clone(),
            sha256: self.sha256.clone(),
        }
    }

    /// As nobody has tried it.
    pub(crate) fn unseen(&self, first_at: Millis) -> Seen {
        Seen { id: self.id.clone(), first_at, progress: Progress::Pending, attempts: 0 }
    }

    pub(crate) fn seen(&self) -> Value<Seen> {
        self.listed(self.received_at).seen()
    }

    pub(crate) fn applying(&self) -> Once {
        self.listed(self.received_at).applying()
    }
}

/// The hash of parts that can hold anything: each is hashed by itself first, so that no two lists look the same.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(Sha256::digest(part.as_bytes())));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn place(id: &str) -> Value<Stored> {
    families::WEBHOOK.value(&[id])
}

pub(crate) fn list() -> Log<Listed> {
    families::WEBHOOK_LIST.log(&[])
}

/// A stored event.
///
/// # Errors
/// The store can't be reached.
pub fn stored(store: &dyn Store, id: &str) -> Result<Option<Stored>, StoreError> {
    place(id).get(store)
}
