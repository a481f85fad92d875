//! A plain HTTP answer, and the one error shape every route of the gate shares.

use std::borrow::Cow;

use serde_json::json;

/// Said to people when the store can't be reached.
const OFFLINE: &str = "This page's settings can't be read right now. Please try again shortly.";

/// An answer without any host type in it, so that tests can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Reply { status, headers: Vec::new(), body: Cow::Borrowed(&[]) }
    }

    /// An answer that is true only now: never kept by a cache.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        let mut reply = Reply::new(status)
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .with("x-content-type-options", "nosniff");
        reply.body = Cow::Owned(value.to_string().into_bytes());
        reply
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same answer without its body, as HEAD wants it.
    pub fn without_body(mut self) -> Self {
        self.body = Cow::Borrowed(&[]);
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| *have == name).map(|(_, value)| value.as_ref())
    }
}

/// What the site refuses, each with its one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the settings are malformed; the field is named.
    Invalid { param: &'static str, message: &'static str },
    /// 401: the admin key is missing or wrong. Says no more than that.
    Unauthenticated,
    /// 404: nothing lives at this path.
    NotFound,
    /// 405: the path exists, the method doesn't; `allow` goes into the header of that name.
    Method { allow: &'static str },
    /// 413: more than [`crate::settings::MAX_BYTES`].
    TooLarge,
    /// 503: the store can't be reached. Nothing was changed.
    Offline,
}

impl Refusal {
    /// The refusal as every client of the gate expects it; `request_id` also goes into `X-Request-Id`.
    pub fn reply(&self, request_id: &str) -> Reply {
        let (status, kind, message, param) = match self {
            Refusal::Invalid { param, message } => (400, "invalid_request", *message, Some(*param)),
            Refusal::Unauthenticated => (401, "unauthenticated", "The admin key is missing or wrong.", None),
            Refusal::NotFound => (404, "not_found", "There is nothing at this path.", None),
            Refusal::Method { .. } => (405, "invalid_request", "This path doesn't take that method.", None),
            Refusal::TooLarge => (413, "too_large", "The settings are too large.", None),
            Refusal::Offline => (503, "offline", OFFLINE, None),
        };
        let mut error =
            json!({"type": kind, "code": null, "message": message, "param": param, "request_id": request_id});
        match self {
            Refusal::Method { .. } => error["code"] = json!("method_not_allowed"),
            Refusal::Offline => error["fallback"] = json!({"mode": "offline", "message": OFFLINE}),
            _ => {}
        }
        let reply = Reply::json(status, &json!({"error": error})).with("x-request-id", request_id.to_owned());
        match self {
            Refusal::Method { allow } => reply.with("allow", *allow),
            Refusal::Unauthenticated => reply.with("www-authenticate", "Bearer"),
            _ => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refusal: Refusal, status: u16, kind: &str, header: Option<(&str, &str)>) {
        let reply = refusal.reply("req_1");
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(reply.status, status, "{refusal:?}");
        assert_eq!(body["error"]["type"], kind, "{refusal:?}");
        assert_eq!(body["error"]["request_id"], "req_1");
        assert_eq!(reply.header("x-request-id"), Some("req_1"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(body["error"].get("fallback").is_some(), status == 503, "only offline has a fallback here");
        if let Some((name, value)) = header {
            assert_eq!(reply.header(name), Some(value), "{refusal:?}");
        }
    }

    #[test]
    fn every_refusal_has_its_status_and_shape() {
        check(Refusal::Invalid { param: "x", message: "no" }, 400, "invalid_request", None);
        check(Refusal::Unauthenticated, 401, "unauthenticated", Some(("www-authenticate", "Bearer")));
        check(Refusal::NotFound, 404, "not_found", None);
        check(Refusal::Method { allow: "GET, HEAD" }, 405, "invalid_request", Some(("allow", "GET, HEAD")));
        check(Refusal::TooLarge, 413, "too_large", None);
        check(Refusal::Offline, 503, "offline", None);
    }
}
