//! OPS-1: traces, for who names a collector: what the conventions say of a call to a model, and nothing that was said.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use scenarios::tenant::{chat, speech, streamed_chat};
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What was sent to a collector: span by span.
struct Collector {
    url: String,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let kept = kept.clone();
                thread::spawn(move || while serve(&connection, &kept).is_some() {});
            }
        });
        Self { url, seen }
    }

    /// All spans so far.
    fn spans(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        let of = |body: &Value| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        seen.iter().flat_map(|(_, body)| of(body)).collect()
    }

    /// The spans of a request, once there are so many.
    #[track_caller]
    fn of(&self, request: &str, how_many: usize) -> Vec<Value> {
        eventually("its spans", Duration::from_secs(10), || {
            let spans = self.spans();
            let server = spans.iter().find(|span| attributes(span)["tollgate.request_id"] == request)?.clone();
            let id = server["spanId"].clone();
            let mut found = vec![server];
            found.extend(spans.into_iter().filter(|span| span["parentSpanId"] == id));
            (found.len() == how_many).then_some(found)
        })
    }
}

/// One request; `None` at the connection's end.
fn serve(mut connection: &TcpStream, kept: &Mutex<Vec<(String, Value)>>) -> Option<()> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut piece = [0; 4096];
        let read = connection.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length: usize = head.split("content-length: ").nth(1)?.split('\r').next()?.parse().ok()?;
    while bytes.len() < end + length {
        let mut piece = [0; 4096];
        let read = connection.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
    let line = head.lines().next().unwrap_or_default().to_owned();
    kept.lock().unwrap().push((line, serde_json::from_slice(&bytes[end..end + length]).unwrap_or_default()));
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").ok()
}

fn attributes(span: &Value) -> BTreeMap<String, Value> {
    let pairs = span["attributes"].as_array().unwrap().iter();
    pairs
        .map(|pair| {
            let value = pair["value"].as_object().unwrap().values().next().unwrap().clone();
            (pair["key"].as_str().unwrap().to_owned(), value)
        })
        .chain([("tollgate.request_id", Value::Null), ("error.type", Value::Null)].map(|(k, v)| (k.to_owned(), v)))
        .fold(BTreeMap::new(), |mut all, (key, value)| {
            all.entry(key).or_insert(value);
            all
        })
}

fn gate(collector: &Collector) -> Gate {
    Gate::start_with(&["--variable", &format!("otlp_endpoint={}", collector.url)])
}

#[test]
fn ops_1_traces_follow_a_call_from_its_caller_to_the_vendor() {
    let collector = Collector::start();
    let gate = gate(&collector);
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let (page, server) = (tenant.page(), tenant.server());
    let check = |body: Value| {
        let call = server.call("POST", "/v1/chat/completions").header("traceparent", CALLER).json(&body);
        let mut stream = call.open();
        assert_eq!(stream.status(), 200);
        let (request, permit) = (stream.header("x-request-id").unwrap(), stream.header("x-limit-check-id").unwrap());
        let (request, permit) = (request.to_owned(), permit.to_owned());
        stream.read_all();
        let spans = collector.of(&request, 2);
        let (server, client) = (&spans[0], &spans[1]);
        for span in [server, client] {
            assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
            assert_eq!(span.get("status"), None, "{span}");
            let nanos = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
            assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"), "{span}");
            assert!(nanos("startTimeUnixNano") > 1_700_000_000_000_000_000, "{span}");
        }
        assert_eq!(server["parentSpanId"], "b7ad6b7169203331");
        assert_eq!((&server["name"], &server["kind"]), (&json!("POST /v1/chat/completions"), &json!(2)));
        let model = scenarios::amounts::MODEL;
        assert_eq!((client["name"].as_str(), &client["kind"]), (Some(&*format!("chat {model}")), &json!(3)));
        let of_server = attributes(server);
        assert_eq!(of_server["http.response.status_code"], "200");
        assert_eq!(
            (&of_server["http.route"], &of_server["tollgate.tenant"]),
            (&json!("/v1/chat/completions"), &json!(tenant.id))
        );
        let of_client = attributes(client);
        let facts = json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model,
            "server.address": "127.0.0.1", "tollgate.limit_check_id": permit, "error.type": null,
        });
        for (name, value) in facts.as_object().unwrap() {
            assert_eq!(&of_client[name], value, "{name} in {client}");
        }
        assert!(of_client["gen_ai.response.model"].as_str().is_some_and(|told| !told.is_empty()), "{client}");
        for tokens in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"] {
            assert!(of_client[tokens].as_str().unwrap().parse::<u64>().unwrap() > 0, "{tokens} in {client}");
        }
    };
    check(chat("A word that nobody else says: xylophagous"));
    check(streamed_chat("A word that nobody else says: xylophagous"));

    // What was sent to the collector counts for nobody's call.
    let metrics = gate.admin().get("/metrics").text();
    let calls = metrics.lines().filter(|line| line.starts_with("tool_call_duration_seconds_count"));
    let calls: u64 = calls.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(calls, 2, "{metrics}");

    let seen = collector.seen.lock().unwrap();
    assert!(seen.iter().all(|(line, _)| line.starts_with("post /v1/traces http/1.1")), "{seen:?}");
    let all = format!("{seen:?}");
    let mut hidden = vec!["xylophagous", "You said", &tenant.secret_key, &tenant.publishable_key, &page.token];
    hidden.extend(tenant.vendor_secrets.values().map(String::as_str));
    for secret in hidden {
        assert!(!all.contains(secret), "{secret} is in a trace");
    }
}

#[test]
fn ops_1_traces_of_what_failed_are_all_sent_and_of_what_went_well_a_tenth() {
    let collector = Collector::start();
    let gate = gate(&collector);
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({"limits": {"requests_per_minute": 10_000}}));
    let server = tenant.server();
    // The vendor fails, the caller is wrong, and the sound breaks off.
    let failed = server.post("/v1/chat/completions", &chat("[[fault:500]]"));
    let spans = collector.of(failed.header("x-request-id").unwrap(), 2);
    for span in &spans {
        assert_eq!(span["status"], json!({"code": 2}), "{span}");
        assert!(attributes(span)["error.type"].is_string(), "{span}");
    }
    assert_eq!(attributes(&spans[0])["http.response.status_code"], "502");
    let wrong = server.call("POST", "/v1/chat/completions").header("traceparent", CALLER).json(&json!({"model": 5}));
    let wrong = wrong.send();
    let spans = collector.of(wrong.header("x-request-id").unwrap(), 1);
    assert_eq!((spans[0].get("status"), &attributes(&spans[0])["http.response.status_code"]), (None, &json!("400")));
    let mut cut = server.call("POST", "/v1/speech").json(&speech("[[fault:cut]]")).open();
    let id = cut.header("x-request-id").unwrap().to_owned();
    cut.read_all();
    assert_eq!(collector.of(&id, 2)[1]["status"], json!({"code": 2}));

    // Of those that go well, those whose ids say so.
    let ids: Vec<String> = (0..60)
        .map(|_| {
            let answer = server.post("/v1/chat/completions", &chat("Hello"));
            answer.expect(200);
            answer.header("x-request-id").unwrap().to_owned()
        })
        .collect();
    // A page can't have all of its own told of, neither by its mistakes nor by what it says of its trace.
    let page = tenant.page();
    let wrong: Vec<String> = (0..40)
        .map(|_| {
            let call = page.caller.call("POST", "/v1/chat/completions").header("traceparent", CALLER);
            call.json(&json!({"model": 5})).send().header("x-request-id").unwrap().to_owned()
        })
        .collect();
    let asked = server.post("/v1/chat/completions", &chat("[[fault:401]]"));
    collector.of(asked.header("x-request-id").unwrap(), 2);
    thread::sleep(Duration::from_millis(500));
    let told = |id: &&String| collector.spans().iter().any(|span| attributes(span)["tollgate.request_id"] == **id);
    let found = ids.iter().filter(told).count();
    assert!(found < 25, "{found} of 60");
    let found = wrong.iter().filter(told).count();
    assert!(found < 20, "{found} of a page's 40 mistakes");
}

#[test]
fn ops_1_traces_hold_nobody_up_when_the_collector_is_gone() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    // One that takes connections and never answers, and one where nobody listens.
    for (name, hangs) in [("hangs", true), ("is gone", false)] {
        let address = if hangs { url.clone() } else { "http://127.0.0.1:9".into() };
        let gate = Gate::start_with(&["--variable", &format!("otlp_endpoint={address}")]);
        let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
        let server = tenant.server();
        let call = |body: Value| {
            let started = std::time::Instant::now();
            let request = server.call("POST", "/v1/chat/completions").header("traceparent", CALLER).json(&body);
            let status = request.send().status;
            assert!(started.elapsed() < Duration::from_secs(2), "{name}: {:?}", started.elapsed());
            status
        };
        assert_eq!(call(chat("Hello")), 200, "{name}");
        assert_eq!(call(streamed_chat("Hello")), 200, "{name}");
        assert_eq!(call(json!({"model": 5})), 400, "{name}");
        scenarios::Books(&tenant.server()).settled_money();
    }
}
