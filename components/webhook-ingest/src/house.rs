//! All that a request is served with.

use calendar::Millis;
use kv_schemas::Store;
use shell::Problem;
use vault::Vault;
use webhooks::ingest::{Books, Desk, Event, Stored};

use crate::{
    generic::{self, GENERIC},
    vendors::Vendors,
};

/// What a request is served with.
pub struct House<'a> {
    /// The key-value store.
    pub store: &'a dyn Store,
    /// The adapters.
    pub vendors: &'a dyn Vendors,
    /// The limits and the log.
    pub books: &'a dyn Books,
    /// The vault, or why there is none; asked for only when a signature is to be verified.
    pub vault: Result<Vault, Problem>,
    /// The operator's key.
    pub admin_key: &'a str,
    /// The time.
    pub clock: &'a dyn Fn() -> Millis,
}

impl House<'_> {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Has `work` done on stored events.
    pub fn at_desk<T>(&self, work: impl FnOnce(&Desk<'_>) -> T) -> T {
        let reader = |stored: &Stored| self.read_again(stored);
        work(&Desk { store: self.store, books: self.books, reader: &reader, clock: self.clock })
    }

    /// A stored event as its adapter reads it now.
    fn read_again(&self, stored: &Stored) -> Result<Event, String> {
        let body = stored.raw_body().map_err(|error| error.to_string())?;
        match stored.origin.provider.as_str() {
            GENERIC => generic::read(&body),
            vendor => Ok(self.vendors.read(vendor, &stored.headers, &body)?.event),
        }
    }
}
