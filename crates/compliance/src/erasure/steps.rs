//! One step of an erasure.

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use super::record::{Batch, Erasure};
use crate::person::{self, person_log};

/// Sessions of one batch: fewer than the log erases at once for one tenant, who may have other erasures under way.
const BATCH: u64 = 50;

/// Where the log's part of an erasure stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogErasure {
    /// What the log calls it.
    pub id: String,
    /// Whether it is done.
    pub done: bool,
    /// Entries so far.
    pub erased: u64,
}

/// What others keep of a session, and of a consent. Everything here is safe to repeat.
pub trait Parts {
    /// Whether the session goes on.
    ///
    /// # Errors
    /// The store can't be reached, as everywhere here.
    fn is_open(&self, session: &str, now: Millis) -> Result<bool, StoreError>;

    /// Has the log erase a session's personal data; `None` when it has too much to do.
    ///
    /// # Errors
    /// The store can't be reached.
    fn erase_log(&self, tenant: &str, session: &str) -> Result<Option<LogErasure>, StoreError>;

    /// Where that stands; `None` when it was done long ago.
    ///
    /// # Errors
    /// The store can't be reached.
    fn log_erasure(&self, id: &str) -> Result<Option<LogErasure>, StoreError>;

    /// Takes events of these sessions out of the tenant's feed, from a place on; gives where to go on.
    ///
    /// # Errors
    /// The store can't be reached.
    fn forget_events(&self, tenant: &str, sessions: &[&str], after: u64) -> Result<Option<u64>, StoreError>;

    /// Forgets answers that were kept for these sessions, from a place on; gives where to go on.
    ///
    /// # Errors
    /// The store can't be reached.
    fn forget_answers(&self, tenant: &str, sessions: &[&str], after: u64) -> Result<Option<u64>, StoreError>;

    /// Forgets the session's own records; it is over.
    ///
    /// # Errors
    /// The store can't be reached.
    fn forget_session(&self, tenant: &str, session: &str) -> Result<(), StoreError>;

    /// Forgets who gave a consent, and takes it back.
    ///
    /// # Errors
    /// The store can't be reached, or the twin is being changed.
    fn forget_consent(&self, tenant: &str, consent: &str) -> Result<(), StoreError>;
}

impl Erasure {
    /// Goes on by one step. What it has decided counts once it is saved.
    pub(super) fn step(&mut self, store: &dyn Store, parts: &dyn Parts, now: Millis) -> Result<(), StoreError> {
        if self.finished_at.is_some() {
            return Ok(());
        }
        // Once nothing but the log has anything of a batch, and that is on its way, nobody needs to find it any more.
        if self.batch.as_ref().is_none_or(|batch| batch.forgotten) {
            self.forget_index(store)?;
        }
        while let Some(consent) = self.consents.last() {
            parts.forget_consent(&self.tenant, consent)?;
            self.consents.pop();
            self.erased.consents = self.erased.consents.saturating_add(1);
        }
        match self.batch.take() {
            Some(mut batch) => {
                let done = self.step_batch(&mut batch, parts, now);
                if done? {
                    let sessions = u64::try_from(batch.sessions.len()).unwrap_or(u64::MAX);
                    self.erased.sessions = self.erased.sessions.saturating_add(sessions);
                    self.erased.entries = self.erased.entries.saturating_add(batch.entries());
                } else {
                    self.batch = Some(batch);
                }
            }
            None => self.gather(store)?,
        }
        if self.batch.is_none() && self.index.is_empty() {
            self.finished_at = Some(now);
        }
        Ok(())
    }

    /// What was read was in a batch that was saved: the index may forget it.
    fn forget_index(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for part in &mut self.index {
            let log = person_log(&self.tenant, &part.hash);
            while part.forgotten < part.read {
                part.forgotten = part.forgotten.saturating_add(1);
                log.remove(store, part.forgotten)?;
            }
        }
        self.index.retain(|part| part.forgotten < part.until);
        Ok(())
    }

    /// The next batch. The index forgets it later, after this is saved.
    fn gather(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let Some(part) = self.index.iter_mut().find(|part| part.read < part.until) else { return Ok(()) };
        let most = BATCH.min(part.until.saturating_sub(part.read));
        let (found, _) = person::read(store, &self.tenant, &part.hash, part.read, most)?;
        part.read = part.read.saturating_add(most);
        if !found.is_empty() {
            self.batch = Some(Batch::of(found.into_iter().map(|found| found.session)));
        }
        Ok(())
    }

    /// Whether the batch is done.
    fn step_batch(&self, batch: &mut Batch, parts: &dyn Parts, now: Millis) -> Result<bool, StoreError> {
        let mut waits = false;
        for asked in batch.sessions.iter_mut().filter(|asked| asked.log.is_none()) {
            // Whoever is still there goes on making what is to be erased.
            let log = if parts.is_open(&asked.session, now)? {
                None
            } else {
                parts.erase_log(&self.tenant, &asked.session)?.map(|log| log.id)
            };
            waits |= log.is_none();
            asked.log = log;
        }
        if waits {
            return Ok(false);
        }
        let sessions: Vec<&str> = batch.sessions.iter().map(|asked| asked.session.as_str()).collect();
        if let Some(after) = batch.feed {
            batch.feed = parts.forget_events(&self.tenant, &sessions, after)?;
            return Ok(false);
        }
        if let Some(after) = batch.answers {
            batch.answers = parts.forget_answers(&self.tenant, &sessions, after)?;
            return Ok(false);
        }
        if !batch.forgotten {
            for session in sessions {
                parts.forget_session(&self.tenant, session)?;
            }
            batch.forgotten = true;
            return Ok(false);
        }
        for asked in batch.sessions.iter_mut().filter(|asked| !asked.done) {
            let log = parts.log_erasure(asked.log.as_deref().unwrap_or_default())?;
            asked.entries = log.as_ref().map_or(asked.entries, |log| log.erased.max(asked.entries));
            asked.done = log.is_none_or(|log| log.done);
        }
        Ok(batch.sessions.iter().all(|asked| asked.done))
    }
}
