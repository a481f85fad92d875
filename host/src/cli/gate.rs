//! A gate as its operator, or a tenant, reaches it: over HTTP, with a key. Every wait has a bound.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::onward::Onward;
use super::refusal::Refusal;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Until the head of an answer.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// Between two chunks of an answer.
const CHUNK_LIMIT: Duration = Duration::from_secs(30);
/// Largest JSON answer, and longest line of a list.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const NDJSON: &str = "application/x-ndjson";
/// Where a list that doesn't fit one answer goes on.
const NEXT_CURSOR: &str = "x-next-cursor";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The operator, who sees everything.
    Admin(String),
    /// A tenant's server, which sees its own; or whatever else opens something.
    Secret(String),
    /// Nobody in particular.
    None,
}

impl Key {
    fn secret(&self) -> Option<&str> {
        match self {
            Self::Admin(key) | Self::Secret(key) => Some(key),
            Self::None => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Admin(_) => "admin key",
            Self::Secret(_) => "secret key",
            Self::None => "question of a stranger",
        }
    }
}

/// A small answer as it came.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
    headers: HeaderMap,
}

impl Answer {
    /// The code of a refusal.
    pub fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        Some(body["error"]["code"].as_str()?.to_owned())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A gate's errors have one shape.
    fn reason(&self) -> Option<String> {
        let error: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let said = |pointer| error.pointer(pointer).and_then(serde_json::Value::as_str);
        let message = said("/error/message")?;
        Some(said("/error/param").map_or_else(|| message.to_owned(), |param| format!("{param}: {message}")))
    }
}

/// See the module's description.
pub struct Gate {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    key: Key,
}

impl Gate {
    pub fn new(url: &str, key: &Key) -> Result<Self> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_LIMIT));
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), key: key.clone() })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A JSON answer; `None` when there is no such thing.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let answer = self.ask(path, "application/json").await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.takes(path, &answer)?;
        serde_json::from_slice(&answer.body)
            .map(Some)
            .with_context(|| format!("{}{path}: not the JSON of a gate", self.url))
    }

    /// A whole answer, whatever its status.
    pub async fn ask(&self, path: &str, accept: &str) -> Result<Answer> {
        self.send(Method::GET, path, &[("accept", accept)], None).await
    }

    /// The same for any method, with headers and a JSON body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<Answer> {
        let response = self.call(method, path, headers, body).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = timeout(CHUNK_LIMIT, Limited::new(response.into_body(), MAX_BYTES).collect()).await;
        let body = body
            .map_err(|_| anyhow!("no end within {CHUNK_LIMIT:?}"))
            .and_then(|body| body.map_err(|error| anyhow!("{error}")));
        let body = body.with_context(|| format!("reading {}{path}", self.url))?.to_bytes();
        Ok(Answer { status, body, headers })
    }

    /// The bytes of what must be there.
    pub async fn bytes(&self, path: &str, accept: &str) -> Result<Bytes> {
        let answer = self.ask(path, accept).await?;
        self.takes(path, &answer)?;
        Ok(answer.body)
    }

    /// The text of what must be there.
    pub async fn text(&self, path: &str) -> Result<String> {
        let bytes = self.bytes(path, "text/plain").await?;
        String::from_utf8(bytes.to_vec()).with_context(|| format!("{}{path}: not a text", self.url))
    }

    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let missing = || {
            let text = format!("{}{path}: not found; is it a gate?", self.url);
            Refusal { status: StatusCode::NOT_FOUND, text }.into()
        };
        self.find(path).await?.ok_or_else(missing)
    }

    /// A list as one line of JSON for each item; goes on where an answer ends before the list does.
    pub async fn lines<T: DeserializeOwned>(&self, path: &str, mut each: impl FnMut(T) -> Result<()>) -> Result<()> {
        let (mut page, mut onward) = (path.to_owned(), Onward::default());
        loop {
            let response = self.accepted(&page, self.get(&page, NDJSON).await?)?;
            let next = response.headers().get(NEXT_CURSOR).map(|cursor| cursor.to_str().map(str::to_owned));
            self.page(response.into_body(), &mut each).await.with_context(|| format!("reading {}{page}", self.url))?;
            let Some(cursor) = next.transpose()? else { return Ok(()) };
            onward.to(&cursor)?;
            let joint = if path.contains('?') { '&' } else { '?' };
            page = format!("{path}{joint}cursor={cursor}");
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        mut body: Incoming,
        each: &mut impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let mut rest = BytesMut::new();
        loop {
            let frame = timeout(CHUNK_LIMIT, body.frame()).await.context("the answer stopped coming")?;
            let Some(frame) = frame.transpose().context("the answer broke off")? else { break };
            rest.extend_from_slice(frame.data_ref().map(|data| &data[..]).unwrap_or_default());
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                each(serde_json::from_slice(&rest.split_to(end + 1)).context("a line is not the JSON of a gate")?)?;
            }
            if rest.len() > MAX_BYTES {
                bail!("a line is longer than any of a gate");
            }
        }
        if !rest.is_empty() {
            bail!("the answer ends within a line");
        }
        Ok(())
    }

    async fn get(&self, path: &str, accept: &str) -> Result<Response<Incoming>> {
        self.call(Method::GET, path, &[("accept", accept)], None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<Response<Incoming>> {
        let url = format!("{}{path}", self.url);
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(key) = self.key.secret() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request =
            request.body(Full::new(body)).with_context(|| format!("`{}` is no address of a gate", self.url))?;
        let answer = timeout(HEAD_LIMIT, self.client.request(request)).await;
        let answer = answer.map_err(|_| anyhow!("no answer within {HEAD_LIMIT:?}")).and_then(|answer| Ok(answer?));
        answer.with_context(|| format!("asking {url}"))
    }

    /// The answer to a change, `null` where it has none. Nothing is sent twice: whoever wants that gives an idempotency key.
    pub async fn change(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value> {
        let answer = self.send(method, path, headers, body).await?;
        if !answer.status.is_success() {
            self.takes(path, &answer)?;
        }
        if answer.body.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{}{path}: not the JSON of a gate", self.url))
    }

    /// Says what the gate has against it, where it says so.
    pub fn takes(&self, path: &str, answer: &Answer) -> Result<()> {
        let Err(refused) = self.accepts(path, answer.status) else { return Ok(()) };
        let text = answer.reason().map_or_else(|| refused.to_string(), |reason| format!("{refused}: {reason}"));
        Err(Refusal { status: answer.status, text }.into())
    }

    fn accepted(&self, path: &str, response: Response<Incoming>) -> Result<Response<Incoming>> {
        self.accepts(path, response.status())?;
        Ok(response)
    }

    pub fn accepts(&self, path: &str, status: StatusCode) -> Result<()> {
        let text = match status {
            StatusCode::OK => return Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                format!("{} refuses the {}", self.url, self.key.name())
            }
            status => format!("{}{path} answers {status}", self.url),
        };
        Err(Refusal { status, text }.into())
    }
}
