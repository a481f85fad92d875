//! What the director asks the gate, each with a bound on how long it waits.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::Setup;
use crate::client;
use crate::webhook::Headers;

/// A call that is retried at a vendor takes the gate some seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// The gate, as one of its callers.
pub struct Gate<'a> {
    pub setup: &'a Setup,
}

/// An answer as the director looks at it.
#[derive(Debug, Clone)]
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl Said {
    /// What it comes to, in a word: the error's code or type, what a webhook was taken for, or just that it is fine.
    pub fn word(&self) -> String {
        let error = &self.body["error"];
        let words = [&error["code"], &error["type"], &self.body["status"], &self.body["decision"]];
        let found = words.into_iter().find_map(Value::as_str);
        found.unwrap_or(if self.status < 300 { "ok" } else { "refused" }).to_owned()
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }
}

impl<'a> Gate<'a> {
    pub fn of(setup: &'a Setup) -> Self {
        Self { setup }
    }

    pub async fn as_operator(&self, method: Method, path: &str, body: Value) -> Result<Said, String> {
        self.with_bearer(method, path, &self.setup.admin_key, body).await
    }

    pub async fn as_tenant(&self, method: Method, path: &str, body: Value) -> Result<Said, String> {
        self.with_bearer(method, path, &self.setup.secret_key, body).await
    }

    /// As a page in a session: by its token, from the gate's own origin.
    pub async fn as_page(&self, method: Method, path: &str, token: &str, body: Value) -> Result<Said, String> {
        self.with_bearer(method, path, token, body).await
    }

    async fn with_bearer(&self, method: Method, path: &str, bearer: &str, body: Value) -> Result<Said, String> {
        let origin = self.setup.origins.first().cloned().unwrap_or_default();
        let headers = [
            ("authorization", format!("Bearer {bearer}")),
            ("content-type", "application/json".to_owned()),
            ("origin", origin),
        ];
        let headers: Headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, &headers, bytes).await
    }

    /// One chat turn, as the tenant's server asks it.
    pub async fn chat(&self, model: &str) -> Result<Said, String> {
        let body =
            json!({"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Are you there?"}]});
        self.as_tenant(Method::POST, "/v1/chat/completions", body).await
    }

    /// Anything, with nothing but these headers.
    pub async fn send(&self, method: Method, path: &str, headers: &Headers, body: Vec<u8>) -> Result<Said, String> {
        let url = format!("{}{path}", self.setup.gate);
        let sent = tokio::time::timeout(ANSWER_LIMIT, client::send(method, &url, headers, body)).await;
        let answer = sent.map_err(|_| "the gate took too long".to_owned())??;
        Ok(Said { status: answer.status, body: serde_json::from_slice(&answer.body).unwrap_or_default() })
    }
}
