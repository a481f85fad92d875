//! Sends what an adapter plans, as the proxy would.

use adapter::{Adapter, AnswerHead, Auth, Call, Credential, Grants, Header, Operation, Usage};
use anthropic::Anthropic;
use axum::http::{HeaderName, HeaderValue, Method};
use cartesia::Cartesia;
use deepseek::DeepSeek;
use elevenlabs::ElevenLabs;
use gemini::Gemini;
use heygen::HeyGen;
use kie::Kie;
use livekit::LiveKit;
use mock_vendors::Mock;
use mock_vendors::client::{self, Answer};
use newsapi::NewsApi;
use openai::OpenAi;
use shotstack::Shotstack;
use sportradar::Sportradar;
use tavus::Tavus;
use telegram::Telegram;
use upload_post::UploadPost;
use vault::Secret;

/// Every adapter that has a stand-in.
pub const ALL: [&dyn Adapter; 15] = [
    &OpenAi,
    &Anthropic,
    &Gemini,
    &DeepSeek,
    &ElevenLabs,
    &Cartesia,
    &Tavus,
    &HeyGen,
    &LiveKit,
    &Sportradar,
    &NewsApi,
    &Kie,
    &Shotstack,
    &UploadPost,
    &Telegram,
];

/// The key of all calls; a pair, so that it can sign as well.
pub const KEY: &str = "API1:mock-secret-of-livekit";

/// What an adapter plans, with the mock's answer.
pub struct Exchange {
    pub call: Call,
    pub answer: Answer,
}

pub async fn call(mock: &Mock, adapter: &dyn Adapter, operation: &Operation, options: &str) -> Exchange {
    let planned = adapter.plan(operation, options).unwrap_or_else(|error| panic!("{operation:?}: {error:?}"));
    send(mock, adapter, planned, KEY).await
}

/// Sends a call with this key.
pub async fn send(mock: &Mock, adapter: &dyn Adapter, call: Call, key: &str) -> Exchange {
    let profile = adapter.profile();
    let mut headers: Vec<(String, String)> = call.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
    let mut path = call.path.clone();
    match (&call.auth, profile.credential) {
        (Auth::Key, Credential::Header { name, prefix }) => headers.push((name.to_owned(), format!("{prefix}{key}"))),
        (Auth::Key, Credential::Path) => path = path.replace("{key}", key),
        (Auth::Grants(grants), Credential::SignedToken) => headers.push(bearer(&sign(grants, key))),
        (Auth::Bearer(token), _) => headers.push(bearer(token)),
        mixed => panic!("{mixed:?}"),
    }
    if let Some(name) = call.idempotency_header {
        headers.push((name.to_owned(), "ours-1".to_owned()));
    }
    let url = format!("{}{path}", mock.base_url(profile.vendor));
    let method = Method::from_bytes(call.method.as_bytes()).expect("a method");
    let answer = client::send(method, &url, &headers, call.body.clone()).await.expect("an answer");
    Exchange { call, answer }
}

/// A token for what these grants allow, as the proxy signs it.
pub fn sign(grants: &Grants, key: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    vault::sign(&Secret::new(key), &grants.claims, now, grants.ttl_seconds).expect("a token").expose().to_owned()
}

fn bearer(token: &str) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {token}"))
}

/// What passes the meter, or why it stops, and what was consumed.
pub struct Metered {
    pub passed: Result<Vec<u8>, String>,
    pub usage: Usage,
}

impl Exchange {
    pub fn head(&self) -> AnswerHead {
        let header =
            |(name, value): (&HeaderName, &HeaderValue)| Header::new(name.as_str(), value.to_str().unwrap_or_default());
        AnswerHead { status: self.answer.status, headers: self.answer.headers.iter().map(header).collect() }
    }

    /// It is an answer as the plan wants it.
    #[track_caller]
    pub fn assert_good(&self) {
        let Answer { status, headers, body, .. } = &self.answer;
        assert!((200..300).contains(status), "{status}: {}", String::from_utf8_lossy(body));
        let kind = headers["content-type"].to_str().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let wanted = &self.call.content_types;
        assert!(wanted.is_empty() || wanted.contains(&kind), "{kind} is none of {wanted:?}");
        assert!(body.len() as u64 <= self.call.max_answer_bytes, "{} bytes", body.len());
    }

    /// Through the meter in chunks of a hundred bytes.
    pub fn metered(&self, adapter: &dyn Adapter, operation: &Operation) -> Metered {
        let mut meter = adapter.meter(operation, &self.head(), &self.call.worst_case);
        let mut out = Vec::new();
        let mut pass = || {
            for chunk in self.answer.body.chunks(100) {
                out.extend(meter.push(chunk)?);
            }
            // The proxy doesn't ask for an end that never came.
            if self.answer.cut { Err("cut".to_owned()) } else { meter.end().map(|rest| out.extend(rest)) }
        };
        let passed = pass();
        Metered { usage: meter.usage(), passed: passed.map(|()| out) }
    }
}
