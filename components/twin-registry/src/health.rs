//! `GET /health`: whether the gate can do its work, which is whether it can reach its store.

use http::Response;
use kv_schemas::{Store, StoreError, families};
use serde_json::json;
use shell::{Reply, host};
use spin_sdk::http::BoxBody;

/// The answer: 200 `ok`, or 503 `offline`.
pub fn answer(store: &dyn Store) -> Reply {
    // One read that touches the store itself and depends on nothing being there.
    let read = families::TENANT.value::<tenancy::Tenant>(&["-"]).exists(store);
    say(read.err().as_ref())
}

/// The answer when the store can't even be opened: in the documented shape all the same.
pub fn without_store(error: &StoreError) -> Response<BoxBody> {
    say(Some(error)).with("x-request-id", &host::new_id("req_")).0
}

fn say(trouble: Option<&StoreError>) -> Reply {
    let (status, word, store) = match trouble {
        None => (200, "ok", "ok"),
        Some(error) => {
            eprintln!("store: {error}");
            (503, "offline", "unreachable")
        }
    };
    Reply::json(status, &json!({ "status": word, "version": env!("CARGO_PKG_VERSION"), "store": store }))
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn health_is_that_of_the_store() {
        let store = Memory::default();
        assert_eq!(answer(&store).0.status(), 200);
        store.fail_after(0);
        assert_eq!(answer(&store).0.status(), 503);
    }
}
