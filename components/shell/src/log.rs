//! Log lines: one JSON object for each request on standard error, and one for each trouble that has nobody else to go to.
//!
//! ```text
//! {"timestamp":"2026-11-21T10:00:00.123Z","level":"warn","request_id":"req_01K…","tenant":"demo","component":"pre-flight",
//!  "method":"POST","route":"/v1/preflight","status":402,"latency_ms":3,"error_type":"hard_cap","error_code":"monthly_cap"}
//! ```
//! Neither a path as it was sent, nor a query, a header or a body is ever in one: they hold keys and people's words. The
//! variable `log_sample` says how many of a hundred requests get a line, by level; which, follows from their ids. Who gets
//! none costs one look at the variable and a hash.

mod redact;
mod route;
mod sample;

use std::{cell::RefCell, fmt::Display, io::Write as _};

use calendar::Millis;
use http::StatusCode;
use problem::Kind;
use serde::{Serialize, Serializer, ser::SerializeMap};
use ulid::Ulid;

use crate::{Call, Reply, host};

pub use self::{
    redact::redacted,
    route::pattern,
    sample::{Sample, is_among},
};

/// What is to be said of a request besides what it says itself.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// Who serves it.
    pub component: &'static str,
    tenant: RefCell<Option<String>>,
}

impl Note {
    pub(crate) fn of(component: &'static str) -> Self {
        Self { component, tenant: RefCell::default() }
    }

    /// Whose request it is, once that is known.
    #[must_use]
    pub fn tenant(&self) -> Option<String> {
        self.tenant.borrow().clone()
    }

    pub(crate) fn set_tenant(&self, tenant: &str) {
        *self.tenant.borrow_mut() = Some(tenant.to_owned());
    }
}

/// What went wrong, kept beside an answer in the error shape.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub kind: Kind,
    pub code: String,
}

/// How bad it is: what operators filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It went as asked.
    Info,
    /// The caller's fault, or trouble that mends itself.
    Warn,
    /// Ours, or a vendor's.
    Error,
}

impl Level {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            ..=399 => Self::Info,
            400..=499 => Self::Warn,
            _ => Self::Error,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: Level,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    component: &'a str,
    method: &'a str,
    route: String,
    status: u16,
    latency_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
}

/// The request's line, if it is among those which get one.
pub(crate) fn request(call: &Call, reply: &Reply) {
    let level = Level::of(reply.0.status());
    if Sample::read(&host::setting("log_sample")).takes(level, &call.request_id) {
        print(&line(call, reply, level, host::now()));
    }
}

fn line(call: &Call, reply: &Reply, level: Level, now: Millis) -> String {
    let told = reply.0.extensions().get::<Told>();
    let tenant = call.note.tenant.borrow();
    let line = Line {
        timestamp: now.to_string(),
        level,
        request_id: &call.request_id,
        tenant: tenant.as_deref(),
        component: call.note.component,
        method: call.method.as_str(),
        route: pattern(&call.path),
        status: reply.0.status().as_u16(),
        latency_ms: began(&call.request_id).map_or(0, |began| now.since(began)),
        error_type: told.map(|told| told.kind),
        error_code: told.map(|told| told.code.as_str()),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// When the request came: its id says so, and nobody pays for a clock who gets no line.
#[must_use]
pub fn began(request_id: &str) -> Option<Millis> {
    let ulid = Ulid::from_string(request_id.strip_prefix("req_")?).ok()?;
    Some(Millis(ulid.timestamp_ms()))
}

/// One line of trouble: what happened (`event`), and its particulars. By way of [`warn!`](crate::warn).
pub fn event(component: &str, event: &str, fields: &[(&str, &dyn Display)]) {
    print(&event_line(component, event, fields, host::now()));
}

fn event_line(component: &str, event: &str, fields: &[(&str, &dyn Display)], now: Millis) -> String {
    struct Event<'a>(&'a str, &'a str, &'a [(&'a str, &'a dyn Display)], Millis);
    impl Serialize for Event<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let Self(component, event, fields, now) = self;
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("timestamp", &now.to_string())?;
            map.serialize_entry("level", &Level::Warn)?;
            map.serialize_entry("component", component)?;
            map.serialize_entry("event", event)?;
            for (name, value) in *fields {
                map.serialize_entry(name, &redacted(&value.to_string()))?;
            }
            map.end()
        }
    }
    serde_json::to_string(&Event(component, event, fields, now)).unwrap_or_default()
}

/// In one write, so that lines of several instances don't mix.
fn print(line: &str) {
    // Nobody can be told that nobody can be told.
    let _closed = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Logs trouble that has nobody else to go to, under the name of the component that says it: what happened, then its
/// particulars, `name = value`. Secrets and what follows a `?` in addresses are taken out of the values.
#[macro_export]
macro_rules! warn {
    ($event:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::log::event(
            env!("CARGO_PKG_NAME"),
            $event,
            &[$((stringify!($name), &$value as &dyn ::std::fmt::Display)),*],
        )
    };
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use problem::Problem;
    use serde_json::{Value as Json, json};

    use super::*;

    const BEGAN: Millis = Millis(1_795_000_020_000);

    fn call(method: &str, uri: &str) -> Call {
        let request_id = format!("req_{}", Ulid::from_parts(BEGAN.0, 7));
        let request = http::Request::builder().method(method).uri(uri).body(()).unwrap();
        Call::new(request.into_parts().0, Bytes::new(), request_id, "pre-flight")
    }

    #[test]
    fn ops_1_a_line_says_who_what_and_how_and_nothing_else() {
        let check = |call: &Call, reply: Reply, expected: Json| {
            let line = line(call, &reply, Level::of(reply.0.status()), BEGAN.plus(12));
            let mut found: Json = serde_json::from_str(&line).unwrap();
            assert!(found["request_id"].as_str().unwrap().starts_with("req_"), "{line}");
            found.as_object_mut().unwrap().remove("request_id");
            assert_eq!(found, expected);
            assert!(!line.contains('\n'), "{line}");
        };
        let good = call("GET", "/v1/sessions/ses_1?token=tgs_a.b");
        good.is_of("demo");
        check(
            &good,
            Reply::empty(200),
            json!({
                "timestamp": BEGAN.plus(12).to_string(), "level": "info", "tenant": "demo", "component": "pre-flight",
                "method": "GET", "route": "/v1/sessions/{id}", "status": 200, "latency_ms": 12,
            }),
        );
        let refused = Problem::forbidden("wrong_tenant", "not in a line");
        check(
            &call("POST", "/v1/preflight"),
            Reply::problem(&refused, "req_1"),
            json!({
                "timestamp": BEGAN.plus(12).to_string(), "level": "warn", "component": "pre-flight", "method": "POST",
                "route": "/v1/preflight", "status": 403, "latency_ms": 12, "error_type": "forbidden",
                "error_code": "wrong_tenant",
            }),
        );
    }

    #[test]
    fn ops_1_the_level_is_the_status() {
        let check = |status: u16, level: Level| {
            assert_eq!(Level::of(StatusCode::from_u16(status).unwrap()), level, "{status}");
        };
        check(200, Level::Info);
        check(304, Level::Info);
        check(400, Level::Warn);
        check(499, Level::Warn);
        check(500, Level::Error);
        check(503, Level::Error);
    }

    #[test]
    fn ops_1_trouble_is_one_line_without_secrets() {
        let secret = format!("tg_sk_{}", "0a".repeat(32));
        let error = format!("no answer\nfrom https://a.example/x?key=1 with {secret}");
        let line = event_line("provider-proxy", "vendor", &[("permit", &"lc_1"), ("error", &error)], BEGAN);
        let expected = json!({
            "timestamp": BEGAN.to_string(), "level": "warn", "component": "provider-proxy", "event": "vendor",
            "permit": "lc_1", "error": "no answer\nfrom https://a.example/x?[redacted] with [redacted]",
        });
        assert_eq!(serde_json::from_str::<Json>(&line).unwrap(), expected);
        assert!(!line.contains('\n'));
    }
}
