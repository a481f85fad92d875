//! WHK-1, OPS-4: whatever is sent to a webhook's address, byte by byte: believed if it is proven, else refused in the
//! documented shape; and nobody else notices.

use scenarios::hooks::{Event, Sign, now};
use scenarios::raw::{exchange, status};
use scenarios::{Gate, Tenant, Value, json, random, unique};

const LIMIT: usize = 1_000_000;
const BODY: &[u8] = br#"{"type":"job.done"}"#;

struct Sender {
    tenant: Tenant,
    secret: String,
    scheme: &'static str,
}

impl Sender {
    fn new(scheme: &'static str) -> Self {
        let (tenant, secret) = (Tenant::new(Gate::shared(), json!({})), unique("whsec-"));
        let binding = json!({"mode": "live", "base_url": null, "secret": "unused", "webhook_secret": secret,
            "options": {"scheme": scheme}});
        let path = format!("/v1/tenants/{}/vendors/generic", tenant.id);
        Gate::shared().admin().put(&path, &binding).expect(204);
        Self { tenant, secret, scheme }
    }

    fn path(&self) -> String {
        format!("/v1/webhooks/generic/{}", self.tenant.id)
    }

    /// The lines of a good signature of `body`, as a new event.
    fn signed(&self, body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let secret = self.secret.clone();
        let sign = match self.scheme {
            "github" => Sign::GitHub { secret },
            _ => Sign::Generic { secret, id: unique("evt-") },
        };
        let event = Event { name: String::new(), route: self.path(), sign, body: body.to_vec() };
        event.headers(now()).into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
    }

    /// Sends just these header lines and these bytes: the status, and the error's code or the answer's status.
    fn send(&self, headers: &[(&str, Vec<u8>)], body: &[u8], chunked: bool) -> (u16, String) {
        let mut request = format!("POST {} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n", self.path()).into_bytes();
        for (name, value) in headers {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if chunked {
            request.extend(b"transfer-encoding: chunked\r\n\r\n");
            for chunk in body.chunks(7_919) {
                request.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            }
            request.extend(b"0\r\n\r\n");
        } else {
            request.extend(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            request.extend(body);
        }
        let answer = exchange(&Gate::shared().url, &request);
        let text = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let json: Value = text
            .find('{')
            .and_then(|at| serde_json::Deserializer::from_str(&text[at..]).into_iter().next())
            .and_then(Result::ok)
            .unwrap_or(Value::Null);
        let said = json["status"].as_str().or(json["error"]["code"].as_str()).unwrap_or_default();
        (status(&answer), said.to_owned())
    }

    #[track_caller]
    fn check(&self, what: &str, headers: &[(&str, Vec<u8>)], body: &[u8], expected: (u16, &str)) {
        for chunked in [false, true] {
            // An event that is believed is known from then on.
            let known = chunked && expected == (200, "accepted");
            let expected = if known { (200, "duplicate") } else { expected };
            let (status, said) = self.send(headers, body, chunked);
            assert_eq!((status, said.as_str()), expected, "{what}, chunked: {chunked}");
        }
    }
}

/// The good lines with one of them changed.
fn with(good: &[(&'static str, Vec<u8>)], name: &str, value: impl AsRef<[u8]>) -> Vec<(&'static str, Vec<u8>)> {
    let changed = |(header, old): &(&'static str, Vec<u8>)| {
        (*header, if *header == name { value.as_ref().to_vec() } else { old.clone() })
    };
    good.iter().map(changed).collect()
}

#[test]
fn whk_1_headers_that_are_no_signature_are_refused() {
    let sender = Sender::new("generic");
    let good = sender.signed(BODY);
    sender.check("good", &good, BODY, (200, "accepted"));
    let bad = (401, "bad_signature");
    let malformed = (401, "malformed_signature");
    let fresh = sender.signed(BODY);
    for at in 0..fresh.len() {
        let (name, value) = fresh[at].clone();
        let rest: Vec<_> = fresh.iter().filter(|line| line.0 != name).cloned().collect();
        sender.check(&format!("without {name}"), &rest, BODY, (401, "missing_signature"));
        let twice = [fresh.clone(), vec![(name, value.clone())]].concat();
        sender.check(&format!("{name} twice"), &twice, BODY, malformed);
        let two = [fresh.clone(), vec![(name, b"1".to_vec())]].concat();
        sender.check(&format!("two of {name}"), &two, BODY, malformed);
        let cut = &value[..value.len() - 1];
        let expected = match name {
            "x-signature" => malformed,
            "x-timestamp" => (401, "stale_signature"),
            _ => bad,
        };
        sender.check(&format!("{name} cut off"), &with(&fresh, name, cut), BODY, expected);
        for (what, value) in [
            ("empty", Vec::new()),
            ("of bytes", b"\xff\xfe\x80".to_vec()),
            ("unicode", "\u{5b57}\u{1f600}".as_bytes().to_vec()),
            ("long", vec![b'a'; 5_000]),
        ] {
            sender.check(&format!("{name} {what}"), &with(&fresh, name, &value), BODY, malformed);
        }
    }
    let mac = String::from_utf8(fresh[0].1.clone()).expect("hex");
    for (what, value, expected) in [
        ("another's", random::hex(&random::bytes::<32>()), bad),
        ("in base64", "A".repeat(43) + "=", malformed),
        ("with a prefix", format!("sha256={mac}"), malformed),
        ("twice in one line", format!("{mac}, {mac}"), malformed),
    ] {
        sender.check(what, &with(&fresh, "x-signature", value), BODY, expected);
    }
    for (what, name, value) in [
        ("of another time", "x-timestamp", (now() + 1).to_string()),
        ("under a fresh id", "x-request-id", unique("evt-")),
    ] {
        sender.check(what, &with(&good, name, value), BODY, bad);
    }
    sender.check("good all the same", &fresh, BODY, (200, "accepted"));
}

#[test]
fn whk_1_a_replayed_body_under_fresh_unsigned_headers_is_the_same_event() {
    let sender = Sender::new("github");
    let body = br#"{"zen":"Keep it logically awesome."}"#;
    sender.check("first", &sender.signed(body), body, (200, "accepted"));
    for _ in 0..3 {
        sender.check("again, as a new delivery", &sender.signed(body), body, (200, "duplicate"));
    }
}

#[test]
fn whk_1_any_body_that_is_proven_is_taken_up_to_a_million_bytes() {
    let sender = Sender::new("generic");
    let accepted = (200, "accepted");
    let deep = [b"{\"type\":\"a\",\"data\":".as_slice(), &vec![b'['; 200_000], &vec![b']'; 200_000], b"}"].concat();
    for (what, body) in [
        ("empty", Vec::new()),
        ("not JSON", b"hello".to_vec()),
        ("not text", vec![0xff; 1_000]),
        ("zeros", vec![0; 1_000]),
        ("deep", deep),
        ("a million bytes", vec![b'x'; LIMIT]),
    ] {
        sender.check(what, &sender.signed(&body), &body, accepted);
    }
    for more in [LIMIT + 1, 2 * LIMIT, 2 * LIMIT + 1] {
        let body = vec![b'x'; more];
        sender.check(&format!("{more} bytes"), &sender.signed(&body), &body, (413, "too_large"));
    }
    let other = Sender::new("generic");
    other.check("another's", &sender.signed(BODY), BODY, (401, "bad_signature"));
    other.check("for another body", &other.signed(BODY), b"{}", (401, "bad_signature"));
}

#[test]
fn whk_1_what_breaks_off_leaves_nothing() {
    let sender = Sender::new("generic");
    let good = sender.signed(BODY);
    let lines: Vec<u8> =
        good.iter().flat_map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat()).collect();
    let head = format!("POST {} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n", sender.path());
    for rest in ["content-length: 19\r\n\r\n{\"type\"", "transfer-encoding: chunked\r\n\r\n13\r\n{\"type\""] {
        let stream = scenarios::raw::connect(&Gate::shared().url);
        std::io::Write::write_all(&mut &stream, &[head.as_bytes(), &lines, rest.as_bytes()].concat())
            .expect("it listens");
        stream.shutdown(std::net::Shutdown::Both).expect("it was open");
    }
    sender.check("it was never there", &good, BODY, (200, "accepted"));
}
