//! A request as the components see it: head, path segments, a body of bounded size.

use bytes::Bytes;
use http::{HeaderMap, Method, request::Parts};
use problem::Problem;
use serde::de::DeserializeOwned;

use crate::{body, log::Note};

/// One request.
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The query as sent; empty without one.
    pub query: String,
    /// The headers as sent.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// `req_...`, also in `X-Request-Id` of the answer.
    pub request_id: String,
    /// What its log line says besides.
    pub note: Note,
}

impl Call {
    pub(crate) fn new(parts: Parts, body: Bytes, request_id: String, component: &'static str) -> Self {
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            request_id,
            note: Note::of(component),
        }
    }

    /// The caller is known: the request's log line says whose it is.
    pub fn is_of(&self, tenant: &str) {
        self.note.set_tenant(tenant);
    }

    /// A request that the gate makes of itself for somebody who doesn't speak HTTP with it, or not this route: it has no
    /// caller's headers.
    #[must_use]
    pub fn of_gate(path: &str, body: impl Into<Bytes>, request_id: &str) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: body.into(),
            request_id: request_id.into(),
            note: Note::default(),
        }
    }

    /// The path's segments, such as `["v1", "sessions", "ses_1"]`.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }

    /// A header that is there once and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        // Two different credentials, origins or keys in one request have no meaning: as if it had none.
        if values.next().is_some() {
            return None;
        }
        first.to_str().ok()
    }

    /// `Authorization`, as received.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// Where the page lives: `Origin`, or the gate's own origin for a same-origin request, for which browsers leave
    /// `Origin` out on `GET`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        if let Some(origin) = self.header("origin") {
            return Some(origin.to_owned());
        }
        (self.header("sec-fetch-site") == Some("same-origin")).then(|| self.own_origin())
    }

    /// The gate's own address as the caller sees it. The caller chooses it (`Host`): good for comparing with what the
    /// caller says of itself, not for telling anybody where the gate is.
    #[must_use]
    pub fn own_origin(&self) -> String {
        let (scheme, rest) = self.header("spin-full-url").and_then(|url| url.split_once("://")).unwrap_or_default();
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let scheme = if self.header("x-forwarded-proto") == Some("https") { "https" } else { scheme };
        format!("{scheme}://{authority}")
    }

    /// A query parameter, percent-decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| percent_decode(value))
        })
    }

    /// The caller's idempotency key, if any: 1 to 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        if !self.headers.contains_key("idempotency-key") {
            return Ok(None);
        }
        self.header("idempotency-key")
            .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
            .map(Some)
            .ok_or_else(|| Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }

    /// The body as JSON; the error names the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::read(&self.body)
    }
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(uri: &str, headers: &[(&str, &str)]) -> Call {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::new(request.body(()).unwrap().into_parts().0, Bytes::new(), "req_1".into(), "shell")
    }

    #[test]
    fn query_parameters_are_decoded() {
        let check = |uri: &str, value: Option<&str>| assert_eq!(call(uri, &[]).query("a").as_deref(), value);
        check("/?a=1&b=2", Some("1"));
        check("/?b=2&a=x%20y+z", Some("x y z"));
        check("/?a", Some(""));
        check("/?a=%zz%4", Some("%zz%4"));
        check("/?b=1", None);
        check("/", None);
    }

    #[test]
    fn a_header_sent_twice_counts_as_absent() {
        assert_eq!(call("/", &[("authorization", "a")]).authorization(), Some("a"));
        assert_eq!(call("/", &[("authorization", "a"), ("authorization", "b")]).authorization(), None);
    }

    #[test]
    fn a_same_origin_get_has_the_gates_own_origin() {
        let headers = [("spin-full-url", "http://127.0.0.1:3000/v1/x?y"), ("sec-fetch-site", "same-origin")];
        assert_eq!(call("/", &headers).origin().as_deref(), Some("http://127.0.0.1:3000"));
        assert_eq!(call("/", &headers[..1]).origin(), None);
    }
}
