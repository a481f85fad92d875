//! What comes after: the reaper, as maintenance runs it, until nothing is left to do.

use calendar::Millis;
use explore::Verdict;
use kv_schemas::{Store, memory::Memory};
use limits::Used;

use super::{NOW, TTL_MS, settle};

/// One run of maintenance.
pub fn maintain(store: &dyn Store, now: Millis) {
    let Ok(reaped) = limits::reap(store, now, 100) else { return };
    for id in reaped.overdue {
        settle(store, &id, &Used::Unknown);
    }
}

/// When everything is past its time; then a walk every so often.
const FIRST_MS: u64 = TTL_MS + 60_000;
const PAUSE_MS: u64 = 31_000;
const WALKS: u64 = 24;

/// Runs maintenance until nothing is listed; the error is what is left.
pub fn reap_all(store: &Memory) -> Verdict {
    for walk in 0..WALKS {
        let now = NOW.plus(FIRST_MS + walk * PAUSE_MS);
        maintain(store, now);
        let left = store.keys().iter().any(|key| key.starts_with("permit-list/") && key != "permit-list/tail");
        if !left {
            audit::sequence(store, now, 100, &super::SIGNER).unwrap();
            return Ok(());
        }
    }
    let left: Vec<_> = store
        .keys()
        .into_iter()
        .filter(|key| key.starts_with("permit"))
        .map(|key| {
            let value = store.get(&key).map(|value| String::from_utf8(value.unwrap_or_default()).unwrap());
            format!("{key}: {}", value.unwrap_or_else(|_| store.increment(&key, 0).unwrap().to_string()))
        })
        .collect();
    Err(format!("after {WALKS} walks there is still:\n{}", left.join("\n")))
}
