//! How many streams a page or a server may have at once: whoever opens one more ends its oldest.
//!
//! The streams draw tickets, and a stream ends when there are too many newer ones: a crash leaves nothing to be counted.

use calendar::Millis;
use kv_schemas::{Counter, Store, StoreError, expiry, families};

use crate::access::Scope;

/// Streams of one page's session.
const OF_A_PAGE: i64 = 4;
/// Streams of one tenant's servers, and of the operator who looks on.
const OF_A_SERVER: i64 = 32;
/// Longer than a session lasts, in hours.
const KEPT_HOURS: u64 = 48;

/// One stream's.
pub struct Ticket {
    drawn: Counter,
    number: i64,
    most: i64,
}

impl Ticket {
    /// Draws the next.
    pub fn draw(store: &dyn Store, scope: &Scope, now: Millis) -> Result<Self, StoreError> {
        let session = scope.session.as_deref();
        let drawn = families::EVENT_STREAMS.counter(&[&scope.tenant, session.unwrap_or_default()]);
        let number = drawn.add(store, 1)?;
        if number == 1 {
            // Forgotten while streams go on, it begins anew, and they go on.
            expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &[drawn.key()])?;
        }
        Ok(Self { drawn, number, most: if session.is_some() { OF_A_PAGE } else { OF_A_SERVER } })
    }

    /// Whether there are too many newer ones. Reads only.
    pub fn is_replaced(&self, store: &dyn Store) -> Result<bool, StoreError> {
        Ok(self.drawn.read(store)?.saturating_sub(self.number) >= self.most)
    }
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn the_oldest_ends_when_there_are_too_many() {
        let check = |session: Option<&str>, most: usize| {
            let store = Memory::default();
            let scope = Scope { tenant: "demo".into(), session: session.map(str::to_owned) };
            let draw = || Ticket::draw(&store, &scope, Millis(0)).unwrap();
            let streams: Vec<Ticket> = (0..most).map(|_| draw()).collect();
            assert!(streams.iter().all(|ticket| !ticket.is_replaced(&store).unwrap()));
            // Those of others don't count.
            let other = Scope { tenant: "other".into(), ..scope.clone() };
            Ticket::draw(&store, &other, Millis(0)).unwrap();
            assert!(!streams[0].is_replaced(&store).unwrap());
            draw();
            let replaced: Vec<bool> = streams.iter().map(|ticket| ticket.is_replaced(&store).unwrap()).collect();
            assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
            assert!(replaced[0]);
        };
        check(Some("ses_1"), 4);
        check(None, 32);
    }
}
