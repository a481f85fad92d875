//! One caller of the gate: its credential, its origin, and the answers it gets.

use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::Value;

/// Longer than the gate itself waits for a vendor.
const TIMEOUT: Duration = Duration::from_secs(100);

/// Everything the gate has answered, for the scenario that looks for secrets in it.
pub type Transcript = Arc<Mutex<Vec<u8>>>;

/// Who calls: a credential and, for a page, the origin its browser would send.
#[derive(Clone)]
pub struct Caller {
    pub url: String,
    pub bearer: Option<String>,
    pub origin: Option<String>,
    pub transcript: Option<Transcript>,
}

impl Caller {
    /// Somebody without a credential.
    pub fn stranger(url: &str) -> Self {
        Self { url: url.to_owned(), bearer: None, origin: None, transcript: None }
    }

    pub fn with_bearer(mut self, bearer: &str) -> Self {
        self.bearer = Some(bearer.to_owned());
        self
    }

    pub fn with_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    pub fn without_origin(mut self) -> Self {
        self.origin = None;
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send()
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path).json(body).send()
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path).json(body).send()
    }

    /// A request to add to.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = client().request(method, format!("{}{path}", self.url));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        Call { request, transcript: self.transcript.clone() }
    }
}

/// A request under way.
pub struct Call {
    request: RequestBuilder,
    transcript: Option<Transcript>,
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("content-type", content_type).body(body.into());
        self
    }

    /// Sends it and reads the whole answer.
    #[track_caller]
    pub fn send(self) -> Answer {
        self.try_send().unwrap_or_else(|error| panic!("the gate did not answer: {error:?}"))
    }

    /// The same where the gate may be gone, as in a crash.
    pub fn try_send(self) -> Result<Answer, reqwest::Error> {
        let mut stream = Stream::of(self.request.send()?, self.transcript);
        let mut body = Vec::new();
        // An answer cut short is an answer that did not come.
        while let Some(chunk) = stream.try_read().map_err(|error| {
            error
                .into_inner()
                .and_then(|inner| inner.downcast::<reqwest::Error>().ok())
                .map_or_else(|| panic!("reading an answer failed for a reason that is not HTTP"), |inner| *inner)
        })? {
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: stream.status(), headers: stream.response.headers().clone(), body })
    }

    /// Sends it and reads the head; the body is read as it comes. Dropping the stream is the page leaving.
    #[track_caller]
    pub fn open(self) -> Stream {
        let response = self.request.send().unwrap_or_else(|error| panic!("the gate did not answer: {error:?}"));
        Stream::of(response, self.transcript)
    }
}

/// An answer whose body is still coming.
pub struct Stream {
    response: Response,
    transcript: Option<Transcript>,
}

impl Stream {
    fn of(response: Response, transcript: Option<Transcript>) -> Self {
        if let Some(transcript) = &transcript {
            let mut said = transcript.lock().expect("not poisoned");
            for (name, value) in response.headers() {
                said.extend_from_slice(&[b"\n", name.as_str().as_bytes(), b": ", value.as_bytes()].concat());
            }
            said.extend_from_slice(b"\n\n");
        }
        Self { response, transcript }
    }

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The next bytes, as they come; `None` at the end.
    ///
    /// # Errors
    /// The connection broke before the end.
    pub fn try_read(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut chunk = vec![0; 64 * 1024];
        let length = self.response.read(&mut chunk)?;
        chunk.truncate(length);
        if let Some(transcript) = &self.transcript {
            transcript.lock().expect("not poisoned").extend_from_slice(&chunk);
        }
        Ok((length > 0).then_some(chunk))
    }

    /// Reads to the end or to the break: the chunks, and whether the end came.
    pub fn read_all(&mut self) -> (Vec<Vec<u8>>, bool) {
        let mut chunks = Vec::new();
        loop {
            match self.try_read() {
                Ok(Some(chunk)) => chunks.push(chunk),
                Ok(None) => return (chunks, true),
                Err(_) => return (chunks, false),
            }
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in an answer {}: {:?}", self.status, self.text()))
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks that it was done, where the contract names no status of its own.
    #[track_caller]
    pub fn done(&self) {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
    }

    /// A permit's id, as every answer of a vendor route carries it.
    #[track_caller]
    pub fn limit_check_id(&self) -> String {
        let id = self.header("x-limit-check-id").unwrap_or_else(|| panic!("no X-Limit-Check-Id in {self:?}"));
        assert!(id.starts_with("lc_"), "{id}");
        id.to_owned()
    }

    /// The error of a refusal, after a check of everything the contract says about its shape.
    #[track_caller]
    pub fn refused(&self, status: u16, kind: &str) -> Value {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{text}");
        let error = self.json()["error"].clone();
        assert_eq!(error["type"], kind, "{text}");
        for field in ["code", "message", "request_id"] {
            assert!(error[field].as_str().is_some_and(|value| !value.is_empty()), "{field} is missing: {text}");
        }
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{text}");
        for field in ["param", "limit_check_id"] {
            let value = error.get(field).unwrap_or_else(|| panic!("{field} is missing: {text}"));
            assert!(value.is_null() || value.is_string(), "{text}");
        }
        if matches!(status, 402 | 429 | 503) {
            let mode = error["fallback"]["mode"].as_str().unwrap_or_else(|| panic!("no fallback: {text}"));
            assert!(matches!(mode, "text" | "offline"), "{text}");
            assert!(error["fallback"]["message"].is_string(), "{text}");
        }
        if status == 429 {
            let seconds = self.header("retry-after").and_then(|value| value.parse::<u64>().ok());
            assert!(seconds.is_some_and(|seconds| seconds >= 1), "no Retry-After: {text}");
        }
        error
    }
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build().expect("a client")
    })
}

/// A client that speaks HTTP/2 from its first byte.
pub fn http2_client() -> Client {
    Client::builder().no_proxy().http2_prior_knowledge().timeout(TIMEOUT).build().expect("a client")
}
