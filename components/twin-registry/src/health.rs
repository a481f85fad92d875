//! `GET /health`: whether the gate can do its work, which is whether it can reach its store; and, for whoever knows the older
//! interface, a glance at its twins.

use http::Response;
use kv_schemas::{Store, StoreError, families};
use serde::Deserialize;
use serde_json::json;
use shell::{Reply, host};
use spin_sdk::http::BoxBody;

/// Of the operator's last census (component `operations`), what is told here.
#[derive(Deserialize, Default)]
struct Census {
    #[serde(default)]
    last: Option<Twins>,
}

/// See [`counted`].
#[derive(Deserialize, Default)]
pub struct Twins {
    /// All of them.
    pub twins: u64,
    /// Those that pages may open sessions of.
    pub twins_deployed: u64,
}

/// The answer: 200 `ok`, or 503 `offline`. One read, which touches the store itself and depends on nothing being there.
pub fn answer(store: &dyn Store) -> Reply {
    match counted(store) {
        Ok(twins) => say(Ok(twins)),
        Err(error) => say(Err(&error)),
    }
}

/// How many twins the last census found.
pub fn counted(store: &dyn Store) -> Result<Twins, StoreError> {
    Ok(families::CENSUS.value::<Census>(&[]).get(store)?.unwrap_or_default().last.unwrap_or_default())
}

/// The answer when the store can't even be opened: in the documented shape all the same.
pub fn without_store(error: &StoreError) -> Response<BoxBody> {
    say(Err(error)).with("x-request-id", &host::new_id("req_")).0
}

fn say(found: Result<Twins, &StoreError>) -> Reply {
    let (status, word, store, twins) = match found {
        Ok(twins) => (200, "ok", "ok", twins),
        Err(error) => {
            shell::warn!("store", error = error);
            (503, "offline", "unreachable", Twins::default())
        }
    };
    let mesh = match twins.twins_deployed {
        _ if status != 200 => "offline",
        0 => "idle",
        _ => "online",
    };
    Reply::json(
        status,
        &json!({
            "status": word,
            "service": "tollgate",
            "version": env!("CARGO_PKG_VERSION"),
            "store": store,
            "timestamp": host::now().to_string(),
            "activeTwins": twins.twins,
            "meshStatus": mesh,
        }),
    )
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use http_body_util::BodyExt;
    use kv_schemas::memory::Memory;
    use serde_json::Value as Json;

    use super::*;

    #[test]
    fn health_is_that_of_the_store() {
        let store = Memory::default();
        assert_eq!(answer(&store).0.status(), 200);
        store.fail_after(0);
        assert_eq!(answer(&store).0.status(), 503);
    }

    #[test]
    fn twn_3_health_has_a_glance_at_the_twins() {
        let check = |census: Json, told: (u64, &str)| {
            let store = Memory::default();
            families::CENSUS.value(&[]).set(&store, &census).unwrap();
            let bytes = block_on(answer(&store).0.into_body().collect()).unwrap().to_bytes();
            let said: Json = serde_json::from_slice(&bytes).unwrap();
            assert_eq!((said["activeTwins"].as_u64(), said["meshStatus"].as_str()), (Some(told.0), Some(told.1)));
        };
        check(json!({}), (0, "idle"));
        check(json!({"last": {"twins": 3, "twins_deployed": 0, "tenants": 9}, "ended": 7}), (3, "idle"));
        check(json!({"last": {"twins": 3, "twins_deployed": 1}}), (3, "online"));
    }
}
