//! A plain HTTP answer, and the one error shape every route of the gate shares.

use std::borrow::Cow;

use problem::Problem;

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

    /// JSON that is true only now: never kept by a cache.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::not_kept(status, value.to_string().into_bytes())
    }

    fn not_kept(status: u16, json: Vec<u8>) -> Self {
        let mut reply = Reply::new(status)
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .with("x-content-type-options", "nosniff");
        reply.body = Cow::Owned(json);
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
    Method { allow: &'static [&'static str] },
    /// 503: the store can't be reached. Nothing was changed.
    Offline,
}

impl Refusal {
    /// The refusal in the shape every client of the gate expects; `request_id` also goes into `X-Request-Id`.
    pub fn reply(&self, request_id: &str) -> Reply {
        let problem = self.problem();
        let reply = Reply::not_kept(problem.kind.status(), problem.to_json(request_id))
            .with("x-request-id", request_id.to_owned());
        match (problem.allow, self) {
            (Some(allow), _) => reply.with("allow", allow),
            (None, Refusal::Unauthenticated) => reply.with("www-authenticate", "Bearer"),
            (None, _) => reply,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Refusal::Invalid { param, message } => Problem::invalid(param, *message),
            Refusal::Unauthenticated => {
                Problem::unauthenticated("unauthenticated", "The admin key is missing or wrong.")
            }
            Refusal::NotFound => Problem::not_found("There is nothing at this path."),
            Refusal::Method { allow } => Problem::method_not_allowed(allow),
            Refusal::Offline => Problem::offline(),
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
        assert_eq!(body["error"]["fallback"].is_object(), status == 503, "only offline has a fallback here");
        if let Some((name, value)) = header {
            assert_eq!(reply.header(name), Some(value), "{refusal:?}");
        }
    }

    #[test]
    fn every_refusal_has_its_status_and_shape() {
        check(Refusal::Invalid { param: "x", message: "no" }, 400, "invalid_request", None);
        check(Refusal::Unauthenticated, 401, "unauthenticated", Some(("www-authenticate", "Bearer")));
        check(Refusal::NotFound, 404, "not_found", None);
        check(Refusal::Method { allow: &["GET", "HEAD"] }, 405, "method_not_allowed", Some(("allow", "GET, HEAD")));
        check(Refusal::Offline, 503, "offline", None);
    }
}
