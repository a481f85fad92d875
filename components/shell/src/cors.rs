//! CORS: exactly the origins that tenants have allowed, never `*`.
//!
//! A browser's preflight carries no credential, so it can't name the tenant: an origin that *some* tenant has allowed
//! may ask. Whether it may ask with this credential is decided when the request itself comes.

use kv_schemas::{Store, families};

use crate::{Call, Reply};

/// What a page may read of an answer besides what every page may.
const EXPOSED: &str = "x-request-id, x-limit-check-id, retry-after, location, x-ai-disclosure, x-tollgate-provider, \
    x-tollgate-model, x-tollgate-mode, x-tollgate-route, x-tollgate-rung, x-tollgate-decision-us";

/// Whether some tenant has allowed this origin. A store that can't be reached allows nothing.
fn known(store: &dyn Store, origin: &str) -> bool {
    families::ORIGIN.value::<Vec<String>>(&[origin]).exists(store).unwrap_or(false)
}

/// The answer to `OPTIONS`.
#[must_use]
pub fn preflight(store: &dyn Store, call: &Call) -> Reply {
    let reply = Reply::empty(204)
        .with("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
        .with(
            "access-control-allow-headers",
            "authorization, content-type, idempotency-key, last-event-id, x-request-id",
        )
        .with("access-control-max-age", "600");
    share(store, call, reply)
}

/// Lets a page read the answer that its own tenant has allowed: no need to look whether some tenant has.
#[must_use]
pub fn share_with(origin: &str, reply: Reply) -> Reply {
    reply
        .with("vary", "Origin")
        .with("access-control-allow-origin", origin)
        .with("access-control-expose-headers", EXPOSED)
}

/// Lets the page read the answer, if its origin is known. Idempotent.
#[must_use]
pub fn share(store: &dyn Store, call: &Call, reply: Reply) -> Reply {
    // What is open to all stays so, for everybody and every cache alike.
    if reply.0.headers().contains_key("access-control-allow-origin") {
        return reply;
    }
    match call.header("origin").filter(|origin| known(store, origin)) {
        None => reply.with("vary", "Origin"),
        Some(origin) => share_with(origin, reply),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kv_schemas::memory::Memory;

    use super::*;

    const HERE: &str = "https://a.example";

    #[test]
    fn known_origins_may_read_and_no_others() {
        let store = Memory::default();
        families::ORIGIN.value::<Vec<String>>(&[HERE]).set(&store, &vec!["a".into()]).unwrap();
        let check = |origin: Option<&str>, reply: Reply, allowed: Option<&str>, varies: bool| {
            let request = http::Request::builder().uri("/nowhere");
            let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
            let call = Call::new(request.body(()).unwrap().into_parts().0, Bytes::new(), "req_1".into(), "shell");
            let headers = share(&store, &call, reply).0.headers().clone();
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("access-control-allow-origin"), allowed, "{origin:?}");
            let exposed = allowed.is_some_and(|allowed| allowed != "*").then_some(EXPOSED);
            assert_eq!(header("access-control-expose-headers"), exposed, "{origin:?}");
            assert_eq!(header("vary"), varies.then_some("Origin"), "{origin:?}");
        };
        check(Some(HERE), Reply::empty(404), Some(HERE), true);
        check(Some("https://b.example"), Reply::empty(404), None, true);
        check(None, Reply::empty(404), None, true);
        let open = || Reply::empty(200).with("access-control-allow-origin", "*");
        check(Some(HERE), open(), Some("*"), false);
        check(Some("https://b.example"), open(), Some("*"), false);
    }

    #[test]
    fn pages_may_read_what_the_interface_names() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../twin-registry/openapi.json")).unwrap();
        let answers = document["paths"].as_object().unwrap().values();
        let operations = answers.flat_map(|item| item.as_object().unwrap().values());
        let responses = operations.filter_map(|operation| operation["responses"].as_object());
        let named = responses.flat_map(|all| all.values()).filter_map(|response| response["headers"].as_object());
        let names: std::collections::BTreeSet<String> =
            named.flat_map(|headers| headers.keys().map(|name| name.to_ascii_lowercase())).collect();
        assert!(names.len() > 5, "{names:?}");
        let exposed: Vec<&str> = EXPOSED.split(',').map(str::trim).collect();
        // A page may read these anyway (the Fetch standard's safelist).
        let missing = names.iter().filter(|name| !exposed.contains(&name.as_str()) && *name != "cache-control");
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}
