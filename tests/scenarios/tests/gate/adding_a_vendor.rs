//! ADP-1, ADP-2: a third party's vendor is one line of the manifest, and one vendor for another is one setting of a tenant.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use scenarios::tenant::chat;
use scenarios::{Books, Gate, Mocks, Tenant, Value, json, nanos, random, unique, usd};
use sha2::Sha256;

const TEXT: &str = "Good morning, world!";
/// What acme bills of it: blanks are free there.
const BILLED: i64 = 18;
/// Nano-USD of a character at acme.
const PRICE: i64 = 20_011;
const SOUND: &[u8] = include_bytes!("../../../../examples/acme-voice/tests/fixtures/say.mp3");
const EVENT: &[u8] = include_bytes!("../../../../examples/acme-voice/tests/fixtures/voice_ready.json");

/// Builds the example's component as its own repository would, in a folder where no other build is in the way.
fn component() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("component");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2", "--package", "acme-voice"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the component builds");
    target.join("wasm32-wasip2/release/acme_voice.wasm")
}

/// The manifest with another file behind the adapters' interface, wherever a component imports it.
fn with_adapters(manifest: &str, component: &Path) -> String {
    let line = |line: &str| match line.starts_with("\"tollgate:vendor/adapter@0.1.0\" = ") {
        true => format!("\"tollgate:vendor/adapter@0.1.0\" = {{ path = \"{}\" }}\n", component.display()),
        false => format!("{line}\n"),
    };
    let changed: String = manifest.lines().map(line).collect();
    let different = changed.lines().zip(manifest.lines()).filter(|(new, old)| new != old).count();
    assert_eq!(different, 2, "the line of provider-proxy and the same one of webhook-ingest");
    changed
}

/// The vendor itself. Its thread ends with the tests.
struct Acme {
    url: String,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Acme {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A gate that goes away breaks its connection: nobody is left to be told.
                drop(say(connection, &seen));
            }
        });
        Self { url, calls }
    }

    /// What came in: heads and bodies.
    fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

fn say(mut connection: TcpStream, seen: &Mutex<Vec<(String, Value)>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let body = read_body(&mut reader, &head.to_ascii_lowercase())?;
    seen.lock().unwrap().push((head, serde_json::from_slice(&body).unwrap_or_default()));
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\nx-acme-characters: {BILLED}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        SOUND.len()
    )?;
    connection.write_all(SOUND)
}

/// A body of known length, or in chunks (RFC 9112, section 7.1).
fn read_body(reader: &mut impl BufRead, head: &str) -> std::io::Result<Vec<u8>> {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    if let Some(length) = length {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        return Ok(body);
    }
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; size + "\r\n".len()];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// A delivery as acme signs it.
fn event(gate: &Gate, tenant: &Tenant, secret: &str) -> scenarios::Answer {
    let (id, now) = (unique("evt-"), SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{now}.{id}.").as_bytes());
    mac.update(EVENT);
    let stranger = gate.stranger();
    let call = stranger.call("POST", &format!("/v1/webhooks/acme/{}", tenant.id));
    let call = call.header("x-signature", &random::hex(&mac.finalize().into_bytes()));
    let call = call.header("x-request-id", &id).header("x-timestamp", &now.to_string());
    call.bytes("application/json", EVENT).send()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn adp_1_a_third_partys_vendor_is_one_line_of_the_manifest() {
    let component = component();
    let mut gate = Gate::start_changed(|manifest| with_adapters(&manifest, &component));
    let price = json!({
        "vendor": "acme", "model": "*", "unit_type": "characters", "usd_per_unit": usd(PRICE), "valid_from": "2026-01-01",
    });
    gate.admin().put("/v1/prices", &json!({"prices": [price]})).done();
    let tenant = Tenant::new(&gate, json!({"vendors": {"speech": {"provider": "acme"}}}));
    let (acme, key, webhook_secret) = (Acme::start(), unique("acme-key-"), unique("whsec-"));
    let bind = |binding: Value| gate.admin().put(&format!("/v1/tenants/{}/vendors/acme", tenant.id), &binding);

    // Live, the profile's address is called and no other; and the manifest doesn't let that one out yet.
    let error =
        bind(json!({"base_url": "https://eu.acme-voice.example", "secret": key})).refused(400, "invalid_request");
    assert_eq!(error["param"], "base_url");
    bind(json!({"secret": key})).expect(204);
    let error = tenant.server().post("/v1/speech", &json!({"text": TEXT})).refused(502, "vendor_error");
    assert_eq!(error["code"], "vendor_unreachable");
    assert_eq!(Books(&tenant.server()).settled_money().settled, 0);

    bind(json!({
        "mode": "mock", "base_url": acme.url, "secret": key, "webhook_secret": webhook_secret,
        "options": {"voice": "herald"},
    }))
    .expect(204);

    // From here on everything that the gate says is kept.
    let transcript = Arc::new(Mutex::new(Vec::new()));
    gate.transcript = Some(transcript.clone());
    let tenant = tenant.moved_to(&gate);
    let server = tenant.server();
    let vendors = server.get("/v1/vendors").expect(200);
    assert_eq!(vendors["vendors"][0]["vendor"], "acme");
    assert_eq!(vendors["vendors"].as_array().map(Vec::len), Some(1), "{vendors}");

    let page = tenant.page();
    let answer = page.caller.post("/v1/speech", &json!({"text": TEXT}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("audio/mpeg"));
    assert_eq!(answer.header("x-tollgate-provider"), Some("acme"));
    assert!(answer.body == SOUND, "every byte of the vendor's sound");

    // The vendor's count is what is paid, not the length of the text.
    let books = Books(&server);
    let entry = books.entry(&answer.limit_check_id());
    assert_eq!((&entry["provider"], &entry["unit_type"]), (&json!("acme"), &json!("characters")), "{entry}");
    assert_eq!((entry["units_consumed"].as_i64(), nanos(&entry["cost_amount"])), (Some(BILLED), BILLED * PRICE));
    assert_eq!(books.settled_money().settled, BILLED * PRICE);

    // The key is at the vendor, where the adapter's profile says, and no other credential is.
    let calls = acme.calls();
    let [(head, body)] = &calls[..] else { panic!("one call: {calls:?}") };
    assert!(head.starts_with("POST /say HTTP/1.1\r\n"), "{head}");
    assert_eq!(head.matches(&key).count(), 1, "{head}");
    assert!(head.contains(&format!("\r\nx-acme-key: {key}\r\n")), "{head}");
    assert!(!head.contains(&page.token) && !head.contains(&tenant.secret_key), "{head}");
    assert_eq!(*body, json!({"text": TEXT, "voice": "herald"}));

    assert_eq!(event(&gate, &tenant, &webhook_secret).expect(200)["status"], "accepted");
    assert_eq!(event(&gate, &tenant, &webhook_secret).expect(200)["status"], "duplicate");
    event(&gate, &tenant, "wrong").refused(401, "unauthenticated");

    // The component is the whole list: what it doesn't have can't be called, however it is bound.
    let error = page.caller.post("/v1/chat/completions", &chat("Hello")).refused(400, "invalid_request");
    assert_eq!(error["code"], "vendor_not_configured");

    // And the key is nowhere else.
    gate.sigterm();
    gate.wait_for_end(Duration::from_secs(12));
    assert!(!contains(&transcript.lock().unwrap(), &key), "an answer of the gate");
    for file in files(gate.folder()) {
        assert!(!contains(&fs::read(&file).unwrap(), &key), "{}", file.display());
    }
}

#[test]
fn adp_2_one_setting_of_a_tenant_swaps_one_vendor_for_another() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let price = json!({
        "vendor": "cartesia", "model": "*", "unit_type": "characters", "usd_per_unit": usd(PRICE), "valid_from": "2026-01-01",
    });
    gate.admin().put("/v1/prices", &json!({"prices": [price]})).done();
    let mut tenant = Tenant::at(gate, mocks, json!({}));
    tenant.bind(gate, "cartesia", mocks, json!({}));
    let page = tenant.page();

    // The same page, the same session, the same request.
    let check = |vendor: &str| {
        let setting = json!({"vendors": {"speech": {"provider": vendor}}});
        gate.admin().patch(&format!("/v1/tenants/{}", tenant.id), &setting).expect(200);
        let before = mocks.calls_of(&tenant).len();
        let answer = page.caller.post("/v1/speech", &json!({"text": TEXT}));
        assert_eq!(answer.status, 200, "{vendor}: {}", answer.text());
        assert_eq!(answer.header("x-tollgate-provider"), Some(vendor));
        assert!(!answer.body.is_empty());
        let server = tenant.server();
        assert_eq!(Books(&server).entry(&answer.limit_check_id())["provider"], vendor);
        let calls = mocks.calls_of(&tenant);
        assert_eq!(calls.len(), before + 1);
        assert_eq!(calls[before]["key"], tenant.vendor_secrets[vendor].as_str(), "with its own key");
    };
    check("elevenlabs");
    check("cartesia");
    check("elevenlabs");
}
