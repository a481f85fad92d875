//! `GET /health`: whether the gate can do its work, which is whether it can reach its store.

use http::{Method, Response};
use kv_schemas::{StoreError, families};
use serde_json::json;
use shell::{KeyValue, Kind, Problem, Reply, host};
use spin_sdk::http::BoxBody;

/// The answer: 200 `ok`, or 503 `offline`.
pub fn answer(method: &Method) -> Response<BoxBody> {
    let request_id = host::new_id("req_");
    let reply = if method == Method::GET || method == Method::HEAD {
        let (status, store) = match read() {
            Ok(_) => (200, "ok"),
            Err(error) => {
                eprintln!("store: {error}");
                (503, "unreachable")
            }
        };
        let word = if status == 200 { "ok" } else { "offline" };
        Reply::json(status, &json!({ "status": word, "version": env!("CARGO_PKG_VERSION"), "store": store }))
    } else {
        let problem = Problem::new(Kind::MethodNotAllowed, "method_not_allowed", "This path takes GET.");
        Reply::problem(&problem, &request_id).with("allow", "GET, HEAD")
    };
    reply.with("x-request-id", &request_id).0
}

/// One read that touches the store itself and depends on nothing being there.
fn read() -> Result<bool, StoreError> {
    let store = KeyValue::open()?;
    families::TENANT.value::<tenancy::Tenant>(&["-"]).exists(&store)
}
