//! Permits of the month: asked for, refused, settled, given back.

use anyhow::{Result, bail};
use calendar::{Millis, SECOND};
use limits::{Denial, DenialKind, Holder, Reservation, Used, charge, close, release, reserve};
use money::{Nanos, Quantity};

use super::{Event, Month, Visitor, name};

/// When who waits for a place comes again, if nothing is said of it.
const POLL_MS: u64 = 50;

impl Month<'_> {
    pub(super) fn gives_back(&mut self, lease: &str) -> Result<()> {
        release(self.store, lease)?;
        self.store.forget_permit(lease)?;
        self.open -= 1;
        Ok(())
    }

    /// The permit; or nothing, and the denial is in the book, or who waits comes again.
    pub(super) fn reserve(
        &mut self,
        now: Millis,
        capability: &'static str,
        asked: &Reservation,
        again: impl FnOnce(Option<u64>) -> Event,
    ) -> Result<Option<(String, limits::Rung)>> {
        let id = self.fresh();
        match reserve(self.store, now, &id, asked) {
            Ok(granted) => {
                self.book.granted(capability, granted.rung, now);
                Ok(Some((granted.id, granted.rung)))
            }
            Err(denial) => {
                self.store.forget_permit(&id)?;
                match denial.ticket {
                    Some(ticket) if capability == "chat" => {
                        let pause = denial.retry_after_ms.unwrap_or(POLL_MS).clamp(POLL_MS, SECOND);
                        self.later(now.0 + pause, again(Some(ticket)));
                    }
                    _ => self.denied(capability, denial, now)?,
                }
                Ok(None)
            }
        }
    }

    /// A request that makes no sense is no answer to the question that is played.
    pub(super) fn denied(&mut self, capability: &'static str, denial: Denial, now: Millis) -> Result<()> {
        match denial.kind {
            DenialKind::Invalid | DenialKind::Offline | DenialKind::Conflict => {
                bail!("{capability}: {} ({}); see --price, --tenant and the pattern", denial.message, denial.code)
            }
            _ => self.book.refused(capability, denial, now),
        }
        Ok(())
    }

    pub(super) fn ends(&mut self, capability: &'static str, permit: &str, used: &[Quantity]) -> Result<()> {
        let record = charge(self.store, permit, &Used::Actual(used.to_vec()))?;
        if let limits::State::Charged(charge) = &record.state {
            self.book.settled(capability, charge.cost);
        }
        close(self.store, permit, 0)?;
        Ok(self.store.forget_permit(permit)?)
    }

    pub(super) fn price(&self, (vendor, model): &(String, String), used: &[Quantity], now: Millis) -> Result<Nanos> {
        match limits::quote(self.store, now, vendor, model, used) {
            Ok(cost) => Ok(cost),
            Err(denial) => bail!("{vendor} {model}: {}; give it with --price", denial.message),
        }
    }

    pub(super) fn fresh(&mut self) -> String {
        self.counted += 1;
        format!("lc_{}", self.counted)
    }

    pub(super) fn asked(
        &self,
        capability: &str,
        visitor: Visitor,
        worst_case: Vec<Quantity>,
        seconds: u64,
    ) -> Reservation {
        let (provider, model) = if capability == "chat" { &self.house.chat } else { &self.house.video };
        Reservation {
            tenant: self.house.tenant.id.clone(),
            session: Some(name(visitor)),
            credential: name(visitor),
            server: false,
            holder: Holder::Gate,
            capability: capability.into(),
            provider: provider.clone(),
            model: model.clone(),
            channel: String::new(),
            request_id: String::new(),
            worst_case,
            ttl_ms: (seconds + 60) * SECOND,
            idempotency_key: None,
            continues: None,
            counted: false,
            ticket: None,
        }
    }
}
