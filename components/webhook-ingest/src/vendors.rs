//! What ingest needs to know of vendors: how each signs, and what its events mean.

use webhooks::{ingest::Event, signature::Scheme};

/// How a vendor's deliveries are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// The callback address carries a token.
    CallbackToken,
    /// A signature over the body.
    Signed(Scheme),
}

impl Signing {
    /// As it is kept with the event.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CallbackToken => "callback-token",
            Self::Signed(scheme) => scheme.name(),
        }
    }
}

/// A verified delivery as an adapter reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The same for each repeat of the event.
    pub dedupe_id: String,
    /// What it means.
    pub event: Event,
}

/// The adapters.
pub trait Vendors {
    /// How `vendor` signs. `None` for a vendor that there is no adapter for.
    fn signing(&self, vendor: &str) -> Option<Signing>;

    /// Reads a verified delivery.
    ///
    /// # Errors
    /// The adapter can't make sense of it.
    fn read(&self, vendor: &str, headers: &[(String, String)], body: &[u8]) -> Result<Reading, String>;
}
