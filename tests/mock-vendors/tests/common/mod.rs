//! Shared by the tests: a mock, and a way to talk to it.

#![allow(dead_code, reason = "each test file uses its own part")]

use axum::http::Method;
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
