//! PRX-1, PRX-6: every vendor's key and every credential, looked for in everything that the gate says and writes, in
//! whatever encoding, after vendors that repeat what they were told.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use scenarios::jwt::Issuer;
use scenarios::scripted::{Asked, answer};
use scenarios::tenant::{Page, merge};
use scenarios::{Gate, Mocks, ScriptedVendor, Tenant, Value, eventually, json, random, unique};
use sha2::{Digest, Sha256};

use crate::every_vendor::{CHAT, MESSENGERS, VENDORS, capability, listed, options, price, request, secret, settled};
use crate::stored;

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// How a secret may look when it is somewhere: as it is, in hex, in a URL, and in base64 of either alphabet wherever in
/// the encoded text it begins.
fn forms(secret: &str) -> Vec<String> {
    let hex = random::hex(secret.as_bytes());
    let percent: String = secret
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let mut all = vec![secret.to_owned(), hex.to_ascii_uppercase(), hex, percent];
    all.push(secret.chars().rev().collect());
    for before in 0..3 {
        let shifted = [vec![b' '; before], secret.as_bytes().to_vec()].concat();
        for encoded in [BASE64_STANDARD_NO_PAD.encode(&shifted), BASE64_URL_SAFE_NO_PAD.encode(&shifted)] {
            // Without the characters that hold bits of the neighbours.
            let begin = (before * 8).div_ceil(6);
            all.push(encoded[begin..encoded.len() - 2].to_owned());
        }
    }
    all
}

/// Looks for many secrets at once, in all their forms.
#[derive(Default)]
struct Search {
    /// What is looked for, by how it begins.
    forms: HashMap<[u8; BEGINNING], Vec<(Vec<u8>, usize)>>,
    names: Vec<String>,
}

/// Shorter than any form of any secret.
const BEGINNING: usize = 8;

impl Search {
    fn add(&mut self, what: &str, secret: &str) {
        for form in forms(secret) {
            let form = form.into_bytes();
            let beginning = *form.first_chunk().unwrap_or_else(|| panic!("{what} is too short to be looked for"));
            self.forms.entry(beginning).or_default().push((form, self.names.len()));
        }
        self.names.push(what.to_owned());
    }

    /// What is found in `bytes`.
    fn found(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, window) in bytes.windows(BEGINNING).enumerate() {
            let forms = window.first_chunk().and_then(|beginning| self.forms.get(beginning));
            let here = forms.into_iter().flatten().filter(|(form, _)| bytes[at..].starts_with(form));
            found.extend(here.map(|(_, name)| self.names[*name].as_str()));
        }
        found
    }
}

#[test]
fn a_secret_is_found_however_it_is_written() {
    let secret = "sk-test:geheim/+?42";
    for text in [
        format!("key={secret}"),
        random::hex(format!("xy{secret}z").as_bytes()),
        BASE64_STANDARD_NO_PAD.encode(format!("user:{secret}")),
        BASE64_STANDARD_NO_PAD.encode(format!("u{secret}")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("{secret}{{}}")),
        "https://x.example/?k=sk-test%3Ageheim%2F%2B%3F42&y".to_owned(),
    ] {
        let mut search = Search::default();
        search.add("another", "sk-test:another-one");
        search.add("this", secret);
        assert_eq!(search.found(text.as_bytes()), BTreeSet::from(["this"]), "{text}");
    }
}

/// What was told to the gate or told by it to one caller, and may be nowhere else.
#[derive(Default)]
struct Known {
    /// In no answer.
    unsaid: Search,
    /// In no log and no file.
    unwritten: Search,
}

impl Known {
    fn never(&mut self, what: &str, secret: &str) {
        self.unsaid.add(what, secret);
        self.unwritten.add(what, secret);
    }

    /// Given to one caller.
    fn told_once(&mut self, what: &str, secret: &str) {
        self.unwritten.add(what, secret);
    }

    fn vendor(&mut self, vendor: &str, secret: &str) {
        self.never(&format!("the key of {vendor}"), secret);
        if let ("livekit", Some((_, own))) = (vendor, secret.split_once(':')) {
            self.never("the second part of the key of livekit", own);
        }
    }

    fn leaks(&self, said: &[u8], written: &[(String, Vec<u8>)]) -> BTreeSet<String> {
        let mut leaks: BTreeSet<String> =
            self.unsaid.found(said).into_iter().map(|what| format!("{what} is in an answer")).collect();
        for (place, bytes) in written {
            leaks.extend(self.unwritten.found(bytes).into_iter().map(|what| format!("{what} is in {place}")));
        }
        leaks
    }
}

/// Everything on disk: every file as raw bytes, and the rows of the store, which may be torn apart in the file.
fn written(gate: &Gate) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = files(gate.folder())
        .into_iter()
        .map(|file| (file.display().to_string(), fs::read(&file).unwrap_or_default()))
        .collect();
    let (_folder, store) = stored::copy(gate);
    let mut select = store.prepare("SELECT key, value FROM spin_key_value").expect("the table");
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).expect("rows");
    for (key, value) in rows.map(|row| row.expect("a row")) {
        all.push((format!("the store at {key}"), [key.into_bytes(), vec![b'\n'], value].concat()));
    }
    all
}

/// All vendors of the bundle.
fn all() -> impl Iterator<Item = &'static str> {
    VENDORS.into_iter().chain(MESSENGERS)
}

/// Binds every vendor, each with secrets of its own: the webhooks' secrets.
fn bind_all(
    gate: &Gate,
    tenant: &mut Tenant,
    known: &mut Known,
    base_url: impl Fn(&str) -> String,
    key: &str,
) -> HashMap<&'static str, String> {
    let mut webhook_secrets = HashMap::new();
    for vendor in all() {
        let secret = match (vendor, key) {
            ("livekit", "") => secret(vendor),
            ("livekit", key) => format!("{}:{}", unique(key), unique(key)),
            (_, "") => secret(vendor),
            (_, key) => unique(key),
        };
        let webhook_secret = unique(&format!("whsec-{vendor}-"));
        let mut options = options(vendor);
        merge(&mut options, json!({"retries": 0, "breaker_failures": 1_000}));
        let binding = json!({
            "mode": "mock", "base_url": base_url(vendor), "secret": secret, "webhook_secret": webhook_secret,
            "options": options,
        });
        gate.admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", tenant.id), &binding).expect(204);
        known.vendor(vendor, &secret);
        known.never(&format!("the webhook secret of {vendor}"), &webhook_secret);
        webhook_secrets.insert(vendor, webhook_secret);
        tenant.vendor_secrets.insert(vendor, secret);
    }
    webhook_secrets
}

/// Somebody writes to the tenant's bot: answering makes the gate call with the bot's token in the path.
fn write_to_the_bot(gate: &Gate, tenant: &Tenant, webhook_secret: &str, text: &str) {
    let chat: i64 = CHAT.parse().expect("a number");
    let update = json!({"update_id": u32::from_be_bytes(random::bytes()), "message": {"message_id": 1, "date": 1_795_165_200,
        "from": {"id": chat, "is_bot": false}, "chat": {"id": chat, "type": "private"}, "text": text}});
    let stranger = gate.stranger();
    let call = stranger.call("POST", &format!("/v1/webhooks/telegram/{}", tenant.id));
    let taken = call.header("x-telegram-bot-api-secret-token", webhook_secret).json(&update).send();
    assert!((200..300).contains(&taken.status), "{}: {}", taken.status, taken.text());
}

/// One call of each vendor, also streamed where it can be: the statuses.
fn call_all(gate: &Gate, known: &mut Known, tenant: &Tenant, page: &Page, text: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for vendor in VENDORS {
        if let Some(capability) = capability(vendor) {
            let choice = json!({"vendors": {capability: {"provider": vendor}}});
            let path = format!("/v1/tenants/{}", tenant.id);
            gate.admin().patch(&path, &choice).expect(200);
        }
        let (method, path, body) = request(vendor, text);
        let bodies = match capability(vendor) {
            Some("chat") => {
                let mut streamed = body.clone();
                streamed["stream"] = json!(true);
                vec![body, streamed]
            }
            _ => vec![body],
        };
        for body in bodies {
            let key = unique("idem-");
            let mut call = page.caller.call(method, &path).header("idempotency-key", &key);
            known.never(&format!("the idempotency key of a call of {vendor}"), &key);
            if !body.is_null() {
                call = call.json(&body);
            }
            let mut stream = call.open();
            statuses.push(stream.status());
            let (chunks, _) = stream.read_all();
            let answer: Value = serde_json::from_slice(&chunks.concat()).unwrap_or_default();
            if let Some(token) = answer["token"].as_str() {
                known.told_once(&format!("the room's token of {vendor}"), token);
            }
            if let Some(id) = answer["id"].as_str().filter(|id| id.starts_with("vid_")) {
                page.tick("video");
                page.caller.delete(&format!("/v1/video/sessions/{id}"));
            }
            if let Some(id) = answer["id"].as_str().filter(|id| id.starts_with("job_")) {
                page.caller.get(&format!("/v1/jobs/{id}"));
            }
        }
    }
    statuses
}

/// Bindings that are refused, and what a stranger sends to the webhooks.
fn send_nonsense(gate: &Gate, tenant: &Tenant, known: &mut Known) {
    let admin = gate.admin();
    for (vendor, secret) in [
        ("livekit", unique("no-pair-")),
        ("openai", format!("{}\nx: y", unique("line-"))),
        ("openai", unique(&"l".repeat(4_096))),
        ("openai", format!("{}\u{e4}\u{0}", unique("odd-"))),
        ("telegram", unique("no/path:")),
    ] {
        known.never("a secret that was refused", secret.lines().next().unwrap());
        let path = format!("/v1/tenants/{}/vendors/{vendor}", tenant.id);
        let answer = admin.put(&path, &json!({"secret": secret, "webhook_secret": secret, "options": {}}));
        assert_eq!(answer.status, 400, "{vendor} {secret:?}: {}", answer.text());
        admin.put(&path, &json!({"secret": [secret], "unknown": secret}));
        admin.call("PUT", &path).bytes("application/json", format!("{{\"secret\": \"{secret}\", nonsense")).send();
    }
    for vendor in all() {
        let (signature, token) = (unique("signature-"), unique("token-"));
        known.never("a webhook's signature", &signature);
        known.never("a webhook's token", &token);
        let path = format!("/v1/webhooks/{vendor}/{}?live=vid_1&token={token}", tenant.id);
        let stranger = gate.stranger();
        let mut call = stranger.call("POST", &path).header("authorization", &signature);
        for name in [
            "x-signature",
            "elevenlabs-signature",
            "heygen-signature",
            "webhook-signature",
            "x-webhook-signature",
            "x-telegram-bot-api-secret-token",
        ] {
            call = call.header(name, &signature);
        }
        call.json(&json!({"id": "evt_1", "type": "x"})).send();
    }
}

/// Tenants, by how their vendors are: well, refusing their keys, and repeating what they are told.
const WELL: usize = 0;
const BAD_KEYS: usize = 1;
const ECHO: usize = 2;

#[test]
fn prx_6_no_secret_of_any_vendor_is_written_or_answered() {
    let transcript = Arc::new(Mutex::new(Vec::new()));
    let mut gate = Gate::start();
    price(&gate);
    assert_eq!(listed(&gate).len(), all().count());
    let mocks = Mocks::shared();
    let issuer = Issuer::eddsa();
    let record = json!({"end_user_auth": issuer.end_user_auth(), "limits": {"monthly_cost_usd": "1000.00"}});
    let mut known = Known::default();

    // A vendor that says back whatever it was told, key and all: in words, in headers, in the middle of an answer.
    let echo = ScriptedVendor::start(|asked: &Asked, connection: &mut TcpStream| {
        let head = asked.head.replace("\r\n", " ");
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let words = format!("{head} {}", BASE64_STANDARD_NO_PAD.encode(&head));
        let (status, media) = match (body.contains("[[200]]"), body.contains("\"stream\":true")) {
            (true, true) => (200, "text/event-stream"),
            (true, false) => (200, "application/json"),
            (false, _) => (401, "application/json"),
        };
        let error =
            json!({"error": {"message": words, "type": words, "code": words}, "message": words, "detail": words});
        let body = if media == "text/event-stream" { format!("data: {error}\n\n") } else { error.to_string() };
        let headers = [("content-type", media), ("x-echo", words.as_str()), ("location", words.as_str())];
        connection.write_all(&answer(status, &headers, body.as_bytes()))
    });
    let mut tenants: Vec<Tenant> = (0..3).map(|_| Tenant::new(&gate, record.clone())).collect();
    let webhook_secrets = [
        bind_all(&gate, &mut tenants[WELL], &mut known, |vendor| mocks.base_url(vendor), ""),
        bind_all(&gate, &mut tenants[BAD_KEYS], &mut known, |vendor| mocks.base_url(vendor), "bad-"),
        bind_all(&gate, &mut tenants[ECHO], &mut known, |_| echo.url(), "sk-echo-"),
    ];
    let user_token = issuer.token(json!({"sub": "user-of-secrets"}));
    known.never("the end user's token", &user_token);
    known.never("the end user's signature", user_token.rsplit_once('.').unwrap().1);
    let opened: Vec<Page> = tenants
        .iter()
        .map(|tenant| {
            let body = json!({"channel": "widget", "consent": true, "user_token": user_token});
            Page::of(tenant, &tenant.open_session(&body).expect(201))
        })
        .collect();

    // From here on everything that the gate says is kept.
    gate.transcript = Some(transcript.clone());
    for (at, (tenant, page)) in tenants.iter().zip(&opened).enumerate() {
        let tenant = tenant.moved_to(&gate);
        let page = Page { caller: tenant.visitor().with_bearer(&page.token), ..page.clone() };
        known.never("the secret key", &tenant.secret_key);
        known.never("the publishable key", &tenant.publishable_key);
        known.never("the session token", &page.token);
        known.never("the session token's secret part", page.token.rsplit_once('.').unwrap().1);
        for text in ["Hello", "[[200]] [[fault:garble]]", "[[fault:401]]", "[[fault:error]]"] {
            let statuses = call_all(&gate, &mut known, &tenant, &page, text);
            let are = |good: fn(&u16) -> bool| assert!(statuses.iter().all(good), "{text}: {statuses:?}");
            match (at, text) {
                (WELL, "Hello") => are(|status| (200..300).contains(status)),
                (BAD_KEYS, _) | (ECHO, "Hello") => are(|status| *status == 502),
                _ => {}
            }
        }
        write_to_the_bot(&gate, &tenant, &webhook_secrets[at]["telegram"], "Hello");
        eventually("the gate to call with the bot's token in the path", Duration::from_secs(20), || {
            gate.maintain();
            let is_the_bots = |call: &Value| call["vendor"] == "telegram";
            Some(match at {
                ECHO => echo.asked().iter().any(|asked| asked.head.starts_with("POST /botsk-echo-")),
                _ => mocks.calls_of(&tenant).iter().any(is_the_bots),
            })
            .filter(|called| *called)
        });
        send_nonsense(&gate, &tenant, &mut known);
        // Another binding of each kind is shown without what is secret in it.
        for path in [format!("/v1/tenants/{}", tenant.id), "/v1/tenants".into(), "/v1/webhooks/dead-letters".into()] {
            gate.admin().get(&path).expect(200);
        }
        tenant.visitor().post("/v1/sessions", &json!({"channel": "widget", "user_token": format!("{user_token}x")}));
        page.end().expect(204);
        settled(&tenant);
    }
    known.never("the admin key", &gate.admin_key);
    known.never("the master key", &gate.master_key);
    gate.maintain();

    // With the logs still there, and after everything was put in its place.
    let running = written(&gate);
    gate.sigterm();
    gate.wait_for_end(Duration::from_secs(12));
    let said = transcript.lock().unwrap().clone();
    let ended = written(&gate);
    assert!(contains(&said, "chat.completion") && contains(&said, "content-type: "), "what was said is there");
    assert!(echo.asked().iter().any(|asked| asked.head.contains("sk-echo-")), "the echo has heard keys");
    for places in [&running, &ended] {
        // What is looked for would be found: the store knows a session's token by its hash alone.
        for page in &opened {
            let hash = random::hex(&Sha256::digest(page.token.rsplit_once('.').unwrap().1));
            let whole = random::hex(&Sha256::digest(&page.token));
            let known_by = |hash: &str| places.iter().any(|(_, bytes)| contains(bytes, hash));
            assert!(known_by(&hash) || known_by(&whole), "the store has no hash of the session's token");
        }
        assert_eq!(known.leaks(&said, places), BTreeSet::new());
    }
}
