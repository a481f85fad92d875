//! What is counted: the two calls every page makes, over one connection.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::seed;

const ORIGIN: &str = "http://127.0.0.1";
/// Under callgrind everything takes fifty times as long.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// A kind of call whose cost is kept.
#[derive(Clone, Copy, Debug)]
pub enum Case {
    /// A page's chat call, passed on to a vendor: session, reservation, metering, audit.
    Chat,
    /// A server's question whether a video may be made.
    Preflight,
}

impl Case {
    pub const ALL: [Self; 2] = [Self::Chat, Self::Preflight];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Preflight => "preflight",
        }
    }
}

/// A caller of a gate with one tenant.
pub struct Traffic {
    connection: Connection,
    session: String,
    secret_key: String,
}

impl Traffic {
    /// Makes the tenant, whose limits nothing here reaches, and a session.
    pub fn prepare(address: SocketAddr, admin_key: &str, upstream: &str) -> Result<Self> {
        let mut connection = Connection::open(address)?;
        let mut admin = |method, path, body| connection.call(method, path, admin_key, &body);
        let vendors = admin("GET", "/v1/vendors", Value::Null)?;
        let rows = vendors["vendors"].as_array().into_iter().flatten();
        let rows = rows.flat_map(|vendor| vendor["list_prices"].as_array().into_iter().flatten());
        let prices: Vec<_> = rows.map(|row| row["price"].clone()).collect();
        admin("PUT", "/v1/prices", json!({ "prices": prices }))?;
        admin("PUT", "/v1/companies/acme", json!({"limits": {"monthly_cost_usd": "9000000"}}))?;
        let made = admin("POST", "/v1/tenants", tenant())?;
        let binding =
            json!({"mode": "mock", "base_url": format!("http://{upstream}/v1"), "secret": "sk-any", "options": {}});
        admin("PUT", "/v1/tenants/counted/vendors/openai", binding)?;

        let key = |name: &str| seed::find(&made, name).with_context(|| format!("the new tenant came without {name}"));
        let (publishable_key, secret_key) = (key("publishable_key")?, key("secret_key")?);
        let begun = connection.call(
            "POST",
            "/v1/sessions",
            &publishable_key,
            &json!({"channel": "widget", "consent": true}),
        )?;
        let session = begun["token"].as_str().context("the session came without its token")?.to_owned();
        Ok(Self { connection, session, secret_key })
    }

    /// Makes so many calls, one after the other.
    pub fn make(&mut self, case: Case, calls: u64) -> Result<()> {
        let (path, bearer, body) = match case {
            Case::Chat => ("/v1/chat/completions", &self.session, chat()),
            Case::Preflight => ("/v1/preflight", &self.secret_key, preflight()),
        };
        (0..calls).try_for_each(|_| self.connection.call("POST", path, bearer, &body).map(drop))
    }
}

fn tenant() -> Value {
    json!({
        "id": "counted",
        "company": "acme",
        "display_name": "Counted",
        "allowed_origins": [ORIGIN],
        "channels": ["widget"],
        "capabilities": ["chat", "video"],
        "limits": {
            "monthly_cost_usd": "1000000",
            "burst": 1_000_000,
            "requests_per_minute": 1_000_000,
            "request_burst": 1_000_000,
        },
        "vendors": {"chat": {"provider": "openai", "model": "gpt-5.4-mini"}, "video": {"provider": "tavus"}},
    })
}

fn chat() -> Value {
    json!({"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Hello"}]})
}

fn preflight() -> Value {
    json!({"capability": "video", "provider": "tavus", "estimate": {"units": 30, "unit_type": "seconds"}})
}

/// One connection that is kept.
struct Connection {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_LIMIT))?;
        stream.set_write_timeout(Some(READ_LIMIT))?;
        Ok(Self { address, reader: BufReader::new(stream) })
    }

    /// An answer that is no success is an error: what it cost says nothing.
    fn call(&mut self, method: &str, path: &str, bearer: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {ORIGIN}\r\nAuthorization: Bearer {bearer}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        );
        self.reader.get_mut().write_all(request.as_bytes())?;
        let answer = http::read_answer(&mut self.reader).with_context(|| format!("{method} {path}"))?;
        let Answer { status, body } = &answer;
        if !(200..300).contains(status) {
            bail!("{method} {path} answered {status}: {body}");
        }
        if body.is_empty() { Ok(Value::Null) } else { answer.json() }
    }
}
