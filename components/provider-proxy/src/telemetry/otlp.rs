//! Spans in OTLP's JSON: ids in hex, times in nanoseconds and whole numbers as texts, as protobuf has them.

use calendar::Millis;
use serde_json::{Value as Json, json};
use shell::Problem;

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Server,
    Client,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Well,
    /// `status` is what the caller got, where it is decided.
    Failed {
        code: String,
        status: Option<u16>,
    },
}

impl Outcome {
    pub fn failed(problem: &Problem) -> Self {
        Self::Failed { code: problem.code.clone(), status: Some(problem.kind.status()) }
    }

    pub fn attributes(&self) -> Option<Attribute> {
        match self {
            Self::Well => None,
            Self::Failed { code, .. } => Some(Attribute::text("error.type", code)),
        }
    }

    /// What the caller did wrong is no error of the server's span (HTTP conventions).
    fn is_error(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Well, _) => false,
            (Self::Failed { status: Some(status), .. }, Kind::Server) => *status >= 500,
            (Self::Failed { .. }, _) => true,
        }
    }
}

/// One thing that is known of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    key: &'static str,
    value: Json,
}

impl Attribute {
    pub fn text(key: &'static str, text: &str) -> Self {
        Self { key, value: json!({ "stringValue": text }) }
    }

    pub fn number(key: &'static str, number: u64) -> Self {
        Self { key, value: json!({ "intValue": number.to_string() }) }
    }
}

/// One span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub trace: [u8; 16],
    pub id: [u8; 8],
    pub parent: Option<[u8; 8]>,
    pub name: String,
    pub kind: Kind,
    pub began: Millis,
    pub ended: Millis,
    pub attributes: Vec<Attribute>,
    pub outcome: Outcome,
}

impl Span {
    pub fn json(&self) -> Json {
        let attributes: Vec<Json> =
            self.attributes.iter().map(|Attribute { key, value }| json!({ "key": key, "value": value })).collect();
        let kind = match self.kind {
            Kind::Server => 2,
            Kind::Client => 3,
        };
        let mut span = json!({
            "traceId": hex(&self.trace),
            "spanId": hex(&self.id),
            "name": self.name,
            "kind": kind,
            "startTimeUnixNano": nanos(self.began),
            "endTimeUnixNano": nanos(self.ended),
            "attributes": attributes,
        });
        if let Some(parent) = &self.parent {
            span["parentSpanId"] = hex(parent).into();
        }
        if self.outcome.is_error(self.kind) {
            span["status"] = json!({ "code": 2 });
        }
        span
    }
}

/// The body of one export.
pub fn payload(spans: &[Span]) -> Json {
    let version = env!("CARGO_PKG_VERSION");
    let text = |key: &str, text: &str| json!({ "key": key, "value": { "stringValue": text } });
    json!({
        "resourceSpans": [{
            "resource": { "attributes": [text("service.name", "tollgate"), text("service.version", version)] },
            "scopeSpans": [{
                "scope": { "name": "tollgate.provider-proxy", "version": version },
                "spans": spans.iter().map(Span::json).collect::<Vec<_>>(),
            }],
        }],
    })
}

/// The conventions' name of a vendor, where they have one of their own.
pub fn provider(vendor: &str) -> &str {
    match vendor {
        "gemini" => "gcp.gemini",
        other => other,
    }
}

/// Host and port of an address: neither its path nor who is named in it.
pub fn server(address: &str) -> Vec<Attribute> {
    let Ok(uri) = address.parse::<http::Uri>() else { return Vec::new() };
    let mut attributes = Vec::new();
    attributes.extend(uri.host().map(|host| Attribute::text("server.address", host)));
    attributes.extend(uri.port_u16().map(|port| Attribute::number("server.port", u64::from(port))));
    attributes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn nanos(at: Millis) -> String {
    at.0.saturating_mul(1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_traces_have_the_shape_that_collectors_read() {
        let span = Span {
            trace: [0xab; 16],
            id: [0x01; 8],
            parent: None,
            name: "POST /v1/speech".into(),
            kind: Kind::Server,
            began: Millis(1),
            ended: Millis(2),
            attributes: vec![Attribute::text("a", "b"), Attribute::number("n", 3)],
            outcome: Outcome::Well,
        };
        let payload = payload(&[span]);
        let scope = &payload["resourceSpans"][0]["scopeSpans"][0];
        let expected = json!({
            "traceId": "ab".repeat(16), "spanId": "01".repeat(8), "name": "POST /v1/speech", "kind": 2,
            "startTimeUnixNano": "1000000", "endTimeUnixNano": "2000000",
            "attributes": [
                { "key": "a", "value": { "stringValue": "b" } }, { "key": "n", "value": { "intValue": "3" } },
            ],
        });
        assert_eq!(scope["spans"], json!([expected]));
        assert_eq!(payload["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "tollgate");
    }

    #[test]
    fn an_address_is_told_without_what_may_be_secret_in_it() {
        let check = |address: &str, host: Option<&str>, port: Option<u64>| {
            let mut expected = Vec::new();
            expected.extend(host.map(|host| Attribute::text("server.address", host)));
            expected.extend(port.map(|port| Attribute::number("server.port", port)));
            assert_eq!(server(address), expected, "{address}");
        };
        check("https://api.openai.com/v1", Some("api.openai.com"), None);
        check("http://user:secret@127.0.0.1:8080/x", Some("127.0.0.1"), Some(8080));
        check("not an address", None, None);
    }
}
