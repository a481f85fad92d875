//! CORS: exactly the origins that tenants have allowed, never `*`.
//!
//! A browser's preflight carries no credential, so it can't name the tenant: an origin that *some* tenant has allowed
//! may ask. Whether it may ask with this credential is decided when the request itself comes.

use kv_schemas::{Store, families};

use crate::{Call, Reply};

/// Whether some tenant has allowed this origin. A store that can't be reached allows nothing.
fn known(store: &dyn Store, origin: &str) -> bool {
    families::ORIGIN.value::<Vec<String>>(&[origin]).exists(store).unwrap_or(false)
}

/// The answer to `OPTIONS`.
#[must_use]
pub fn preflight(store: &dyn Store, call: &Call) -> Reply {
    let reply = Reply::empty(204)
        .with("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
        .with("access-control-allow-headers", "authorization, content-type, idempotency-key, x-request-id")
        .with("access-control-max-age", "600");
    share(store, call, reply)
}

/// Lets the page read the answer, if its origin is known. Idempotent.
#[must_use]
pub fn share(store: &dyn Store, call: &Call, reply: Reply) -> Reply {
    // What is open to all stays so, for everybody and every cache alike.
    if reply.0.headers().contains_key("access-control-allow-origin") {
        return reply;
    }
    let reply = reply.with("vary", "Origin");
    match call.header("origin").filter(|origin| known(store, origin)) {
        None => reply,
        Some(origin) => reply.with("access-control-allow-origin", origin).with(
            "access-control-expose-headers",
            "x-request-id, x-limit-check-id, x-tollgate-provider, x-tollgate-mode, retry-after",
        ),
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
            let call = Call::new(request.body(()).unwrap().into_parts().0, Bytes::new(), "req_1".into());
            let headers = share(&store, &call, reply).0.headers().clone();
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("access-control-allow-origin"), allowed, "{origin:?}");
            assert_eq!(header("vary"), varies.then_some("Origin"), "{origin:?}");
        };
        check(Some(HERE), Reply::empty(404), Some(HERE), true);
        check(Some("https://b.example"), Reply::empty(404), None, true);
        check(None, Reply::empty(404), None, true);
        let open = || Reply::empty(200).with("access-control-allow-origin", "*");
        check(Some(HERE), open(), Some("*"), false);
        check(Some("https://b.example"), open(), Some("*"), false);
    }
}
