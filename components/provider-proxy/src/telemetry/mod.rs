//! Traces: what an operator's collector is told of calls (OpenTelemetry, OTLP over HTTP in JSON), where the variable
//! `otlp_endpoint` names one.
//!
//! ```text
//!   caller's span (traceparent) --> POST /v1/chat/completions (server) --> chat gpt-5 (client), one for each vendor called
//! ```
//! No id is kept anywhere: the spans' follow from the request's, so each span can be sent by itself, by whoever knows how it
//! ended. Of requests that went well, or were refused (4xx), ten of a hundred are told of, and all whose caller, a server, samples
//! its trace; of those that failed, all; and of all together so many a second that a slow collector can't keep the gate busy. Prompts and answers are in no span.
//!
//! It is sent after the answer and after the money is settled, within two seconds or not at all: a collector that is slow,
//! or gone, costs nobody anything but a line in the log. Without one, a call costs one look at the variable.

mod context;
mod export;
mod found;
mod otlp;

use calendar::Millis;
use shell::{Call, Problem, host, log};

use self::{
    context::Context,
    found::{model_in, used},
    otlp::{Attribute, Kind, Outcome, Span},
};
use crate::{
    bindings::{
        adapter::{Capability, Usage},
        limits::Permit,
    },
    vendor::{self, Vendor},
};

/// Of requests that went well, so many of a hundred are told of.
const SAMPLED_PERCENT: u64 = 10;
/// How much of an answer is searched for the model's name.
const MAX_HEARD: usize = 8 * 1024;

/// A call that is to be told of, from the moment its permit is there.
pub struct Trace {
    endpoint: String,
    context: Context,
    server: Served,
    client: Called,
}

/// The request, as its span tells of it.
#[derive(Debug, Clone)]
struct Served {
    method: String,
    route: String,
    request_id: String,
    tenant: Option<String>,
    began: Millis,
}

/// The vendor's call.
struct Called {
    capability: Capability,
    provider: String,
    /// Where it is, without a path.
    address: String,
    model: String,
    /// As the answer names it.
    answered: Option<String>,
    heard: usize,
    permit: String,
    began: Millis,
}

/// Where traces go; nowhere by default, and for an address that can't be one.
fn endpoint() -> Option<String> {
    let endpoint = host::setting("otlp_endpoint");
    let names_one = !endpoint.is_empty() && !endpoint.trim_end_matches('/').ends_with(".invalid");
    names_one.then_some(endpoint)
}

fn served(call: &Call) -> Served {
    Served {
        method: call.method.to_string(),
        route: log::pattern(&call.path),
        request_id: call.request_id.clone(),
        tenant: call.note.tenant(),
        began: log::began(&call.request_id).unwrap_or_else(host::now),
    }
}

impl Trace {
    /// Of a call that is about to be made; `None` where nobody wants to know.
    pub fn begin(
        call: &Call,
        capability: Capability,
        vendor: &Vendor,
        model: &str,
        permit: &Permit,
    ) -> Option<Box<Self>> {
        let endpoint = endpoint()?;
        let client = Called {
            capability,
            provider: vendor.name().into(),
            address: vendor.base_url().into(),
            model: model.into(),
            answered: None,
            heard: 0,
            permit: permit.id.clone(),
            began: host::now(),
        };
        let context = context_of(call);
        Some(Box::new(Self { endpoint, context, server: served(call), client }))
    }

    /// Bytes of the answer on their way to the page: its beginning names the model.
    pub fn heard(&mut self, bytes: &[u8]) {
        let client = &mut self.client;
        if client.answered.is_none() && client.heard < MAX_HEARD {
            client.heard = client.heard.saturating_add(bytes.len());
            client.answered = model_in(bytes.get(..MAX_HEARD).unwrap_or(bytes));
        }
    }

    /// The call came to nothing before its answer began. Told at once, in the background: the request's own span follows
    /// when it ends.
    pub fn failed(self, problem: &Problem) {
        let span = self.client_span(Outcome::failed(problem), None, host::now());
        export::later(self.endpoint, vec![span]);
    }

    /// The answer is out and settled. `code` is why it broke off, if it did.
    pub async fn ended(self, usage: &Usage, code: Option<&str>) {
        let now = host::now();
        let outcome = code.map_or(Outcome::Well, |code| Outcome::Failed { code: code.into(), status: None });
        if outcome == Outcome::Well && !is_sampled(&self.context, &self.server.request_id) {
            return;
        }
        let client = self.client_span(outcome.clone(), Some(usage), now);
        // The head was out: 200, whatever came of the rest.
        let server = server_span(&self.context, &self.server, 200, outcome, now);
        export::send(&self.endpoint, &[server, client]).await;
    }

    fn client_span(&self, outcome: Outcome, usage: Option<&Usage>, ended: Millis) -> Span {
        let Called { capability, provider, address, model, answered, permit, began, .. } = &self.client;
        let operation = vendor::name(*capability);
        let mut attributes = vec![
            Attribute::text("gen_ai.operation.name", operation),
            Attribute::text("gen_ai.provider.name", otlp::provider(provider)),
            Attribute::text("tollgate.limit_check_id", permit),
        ];
        if !model.is_empty() {
            attributes.push(Attribute::text("gen_ai.request.model", model));
        }
        attributes.extend(answered.as_deref().map(|model| Attribute::text("gen_ai.response.model", model)));
        attributes.extend(otlp::server(address));
        attributes.extend(usage.into_iter().flat_map(used));
        attributes.extend(outcome.attributes());
        let name = if model.is_empty() { format!("{operation} {provider}") } else { format!("{operation} {model}") };
        Span {
            trace: self.context.trace,
            id: self.context.span(permit),
            parent: Some(self.context.span(&self.server.request_id)),
            name,
            kind: Kind::Client,
            began: *began,
            ended,
            attributes,
            outcome,
        }
    }
}

/// The caller's trace. Whether it is kept is a server's to say: from a page, it would be anybody's to have each call told of.
fn context_of(call: &Call) -> Context {
    let context = Context::of(call.header("traceparent"), &call.request_id);
    if call.header("origin").is_some() { context.unsampled() } else { context }
}

fn is_sampled(context: &Context, request_id: &str) -> bool {
    context.is_sampled() || log::is_among(SAMPLED_PERCENT, request_id)
}

/// A request that ended in an error, whatever it was for: the vendors that it has called have been told of. Who isn't known
/// is not told of: strangers shan't keep a collector busy.
pub fn refused(call: &Call, problem: &Problem) {
    let of_calls = matches!(
        call.segments().as_slice(),
        ["v1", "chat" | "speech" | "video" | "realtime" | "jobs" | "context" | "mcp", ..] | ["v1", "twins", _, "train"]
    );
    if !of_calls || call.note.tenant().is_none() {
        return;
    }
    let Some(endpoint) = endpoint() else { return };
    let context = context_of(call);
    let status = problem.kind.status();
    // The caller's own fault, of which there may be thousands, is told of as seldom as what went well.
    if status < 500 && !is_sampled(&context, &call.request_id) {
        return;
    }
    let span = server_span(&context, &served(call), status, Outcome::failed(problem), host::now());
    export::later(endpoint, vec![span]);
}

fn server_span(context: &Context, served: &Served, status: u16, outcome: Outcome, ended: Millis) -> Span {
    let mut attributes = vec![
        Attribute::text("http.request.method", &served.method),
        Attribute::text("http.route", &served.route),
        Attribute::number("http.response.status_code", u64::from(status)),
        Attribute::text("tollgate.request_id", &served.request_id),
    ];
    attributes.extend(served.tenant.as_deref().map(|tenant| Attribute::text("tollgate.tenant", tenant)));
    attributes.extend(outcome.attributes());
    Span {
        trace: context.trace,
        id: context.span(&served.request_id),
        parent: context.parent,
        name: format!("{} {}", served.method, served.route),
        kind: Kind::Server,
        began: served.began,
        ended,
        attributes,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::bindings::adapter::Quantity;

    fn trace(header: Option<&str>) -> Trace {
        Trace {
            endpoint: "http://127.0.0.1:4318".into(),
            context: Context::of(header, "req_1"),
            server: Served {
                method: "POST".into(),
                route: "/v1/chat/completions".into(),
                request_id: "req_1".into(),
                tenant: Some("demo".into()),
                began: Millis(1_000),
            },
            client: Called {
                capability: Capability::Chat,
                provider: "gemini".into(),
                address: "https://generativelanguage.googleapis.com/v1beta".into(),
                model: "gemini-2.5-flash".into(),
                answered: Some("gemini-2.5-flash-001".into()),
                heard: 0,
                permit: "lc_1".into(),
                began: Millis(1_005),
            },
        }
    }

    fn attributes(span: &Json) -> Json {
        let pairs = span["attributes"].as_array().unwrap().iter();
        let value = |attribute: &Json| attribute["value"].as_object().unwrap().values().next().unwrap().clone();
        pairs.map(|attribute| (attribute["key"].as_str().unwrap().to_owned(), value(attribute))).collect()
    }

    #[test]
    fn ops_1_traces_name_the_vendors_call_as_the_conventions_have_it() {
        let usage = Usage::Reported(vec![
            Quantity { unit_type: "input_tokens".into(), units: 7 },
            Quantity { unit_type: "cached_input_tokens".into(), units: 3 },
            Quantity { unit_type: "output_tokens".into(), units: 5 },
        ]);
        let span = trace(None).client_span(Outcome::Well, Some(&usage), Millis(1_500)).json();
        let expected = json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "gcp.gemini",
            "gen_ai.request.model": "gemini-2.5-flash", "gen_ai.response.model": "gemini-2.5-flash-001",
            "gen_ai.usage.input_tokens": "10", "gen_ai.usage.cache_read.input_tokens": "3",
            "gen_ai.usage.output_tokens": "5", "server.address": "generativelanguage.googleapis.com",
            "tollgate.limit_check_id": "lc_1",
        });
        assert_eq!(attributes(&span), expected);
        assert_eq!((&span["name"], &span["kind"]), (&json!("chat gemini-2.5-flash"), &json!(3)));
        assert_eq!(span["startTimeUnixNano"], "1005000000");
        assert_eq!(span["endTimeUnixNano"], "1500000000");
        assert_eq!(span.get("status"), None);
    }

    #[test]
    fn ops_1_traces_hang_together_without_anything_being_kept() {
        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let check = |header: Option<&str>, parent: Json| {
            let trace = trace(header);
            let client = trace.client_span(Outcome::Well, None, Millis(2_000)).json();
            let server = server_span(&trace.context, &trace.server, 200, Outcome::Well, Millis(2_000)).json();
            assert_eq!(server["traceId"], client["traceId"]);
            assert_eq!(server["spanId"], client["parentSpanId"]);
            assert_ne!(server["spanId"], client["spanId"]);
            assert_eq!(server.get("parentSpanId").cloned().unwrap_or_default(), parent);
        };
        check(None, Json::Null);
        check(Some(caller), json!("b7ad6b7169203331"));
    }

    #[test]
    fn ops_1_traces_of_failures_say_why() {
        let problem = Problem::new(shell::Kind::VendorTimeout, "vendor_timeout", "no words of ours");
        let client = trace(None).client_span(Outcome::failed(&problem), None, Millis(2_000)).json();
        assert_eq!(attributes(&client)["error.type"], "vendor_timeout");
        assert_eq!(client["status"], json!({"code": 2}));
        // The caller's fault is no error of the server's.
        let trace = trace(None);
        for (kind, is_error) in [(shell::Kind::HardCap, false), (shell::Kind::Offline, true)] {
            let problem = Problem::new(kind, "code", "no words of ours");
            let outcome = Outcome::failed(&problem);
            let server = server_span(&trace.context, &trace.server, kind.status(), outcome, Millis(2_000)).json();
            assert_eq!(server.get("status").is_some(), is_error, "{kind:?}");
            assert_eq!(attributes(&server)["error.type"], "code");
            assert!(!server.to_string().contains("no words"));
        }
    }

    #[test]
    fn ops_1_the_answers_model_is_looked_for_at_its_beginning_only() {
        let check = |pieces: &[&str], model: Option<&str>| {
            let mut trace = trace(None);
            trace.client.answered = None;
            pieces.iter().for_each(|piece| trace.heard(piece.as_bytes()));
            assert_eq!(trace.client.answered.as_deref(), model, "{pieces:?}");
        };
        check(&[r#"{"model":"first"}"#, r#"{"model":"second"}"#], Some("first"));
        check(&["data: {}", r#"{"model":"second"}"#], Some("second"));
        check(&[&"x".repeat(MAX_HEARD), r#"{"model":"late"}"#], None);
        check(&[], None);
    }
}
