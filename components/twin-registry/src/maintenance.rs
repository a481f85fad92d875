//! `/v1/maintenance/registry`: seals anew after a change of the master key, forgets old notes, and goes on with
//! erasures.

use std::time::Duration;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use shell::{KeyValue, Problem, Reply, host, offline};
use twins::notes;
use vault::{NONCE_BYTES, Vault};

use crate::{privacy, reseal};

/// How long one round's store works. Shorter than the claims that it takes.
const WORK: Duration = Duration::from_millis(tenancy::TWIN_CHANGE_MS);

/// `POST`: one round. With nothing to do it is a few reads.
pub async fn round() -> Result<Reply, Problem> {
    let vault = host::vault().await?;
    let work = || keep(&KeyValue::open_for(WORK)?, &vault, &host::random, host::now());
    // Sealing anew goes on whatever is wrong with these.
    let erasing = privacy::work().await;
    let told = work().map_err(|error| offline(&error))?;
    erasing?;
    Ok(Reply::json(200, &told))
}

/// `GET`: how far sealing anew is.
pub async fn show(store: &KeyValue) -> Result<Reply, Problem> {
    let vault = host::vault().await?;
    let told = reseal::look(store, &vault, host::now()).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &told))
}

/// Forgets old notes, and goes on with sealing anew.
fn keep(
    store: &dyn Store,
    vault: &Vault,
    random: &dyn Fn() -> [u8; NONCE_BYTES],
    now: Millis,
) -> Result<reseal::Told, StoreError> {
    let drawn = random().iter().fold(0_u64, |drawn, byte| (drawn << 8) | u64::from(*byte));
    notes::reap(store, now, drawn)?;
    reseal::step(store, vault, random, now)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use calendar::{MINUTE, SECOND};
    use kv_schemas::{counted::Counted, memory::Memory};
    use serde_json::json;

    use super::*;

    #[test]
    fn ops_6_an_idle_round_is_a_handful_of_operations_however_many_companies_there_are() {
        let (store, now) = (Memory::default(), Millis(1_795_000_000_000));
        let vault = Vault::new(&STANDARD.encode([1; 32])).unwrap();
        let note = notes::parse_note(&json!({"kind": "cultural", "text": "hats"})).unwrap();
        for n in 0..100 {
            let (company, id) = (format!("company-{n}"), format!("note_{n}"));
            notes::leave(&store, &vault, [9; 24], &company, (&id, "t", now), &note).unwrap();
        }
        let round = |at: Millis| {
            let counted = Counted::of(&store);
            keep(&counted, &vault, &|| [3; NONCE_BYTES], at).unwrap();
            counted.operations()
        };
        // The first pass over everything.
        for second in 0..3 * MINUTE / SECOND {
            round(now.plus(second * SECOND));
        }
        let later = now.plus(10 * MINUTE);
        let costs: Vec<u64> = (0..120).map(|second| round(later.plus(second * SECOND))).collect();
        // Erasures are two more: see crate `compliance`.
        let idle = costs.iter().filter(|cost| **cost == 2).count();
        assert_eq!((idle, costs.len() - idle), (118, 2), "the mesh is looked at once a minute: {costs:?}");
        assert!(costs.iter().all(|cost| *cost < 300), "{costs:?}");
    }
}
