//! Shared by the tests: a mock, and a way to talk to it.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use mock_vendors::client::{self, Answer};
use mock_vendors::{Mock, Pace};
use serde_json::Value;

pub async fn mock() -> Mock {
    Mock::start("127.0.0.1:0", Pace::INSTANT).await.expect("a free port")
}

pub async fn post(mock: &Mock, path: &str, header: (&str, &str), body: &str) -> Answer {
    let headers = [(header.0.to_owned(), header.1.to_owned())];
    client::send(Method::POST, &format!("{}{path}", mock.url()), &headers, body.to_owned()).await.expect("an answer")
}

pub async fn chat(mock: &Mock, body: &str) -> Answer {
    post(mock, "/openai/v1/chat/completions", ("authorization", "Bearer sk-good"), body).await
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("not JSON: {:?}", answer.body))
}

/// What a receiver of callbacks has taken: headers and body.
type Taken = Arc<Mutex<Vec<(Vec<(String, String)>, Bytes)>>>;

/// Takes callbacks at an address of its own.
pub struct Receiver {
    pub url: String,
    taken: Taken,
}

impl Receiver {
    pub async fn start() -> Self {
        let taken = Taken::default();
        let shared = taken.clone();
        let handler = move |headers: HeaderMap, body: Bytes| {
            let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            shared.lock().expect("taken").push((headers, body));
            async { StatusCode::OK }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let app = axum::Router::new().route("/hook", axum::routing::post(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, taken }
    }

    pub fn count(&self) -> usize {
        self.taken.lock().expect("taken").len()
    }

    /// The first callback whose body has this text in it.
    pub async fn wait_for(&self, text: &str) -> (Vec<(String, String)>, Bytes) {
        for _ in 0..250 {
            let has = |body: &Bytes| body.windows(text.len()).any(|window| window == text.as_bytes());
            let found = self.taken.lock().expect("taken").iter().find(|(_, body)| has(body)).cloned();
            if let Some(found) = found {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{text} never came");
    }
}
