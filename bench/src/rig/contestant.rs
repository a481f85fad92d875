//! One who is measured, and what a call to it looks like.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use scenarios::Caller;

pub const DIRECT: &str = "direct";
pub const BARE: &str = "bare proxy";
pub const RELAXED: &str = "gate, relaxed";
pub const STRICT: &str = "gate, strict";

pub const MODEL: &str = "gpt-5.4-mini";
pub const CHAT: &str = "/v1/chat/completions";

/// A request that a load generator repeats.
#[derive(Clone, Debug)]
pub struct Load {
    /// `http://host:port`
    pub base: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A named server under load.
#[derive(Clone, Debug)]
pub struct Contestant {
    pub name: String,
    pub load: Load,
    /// Its process, where the processor's time is looked up.
    pub process: u32,
    /// Others come and go; what fails here fails the bench.
    pub is_peer: bool,
}

impl Contestant {
    /// One who needs no credentials.
    pub fn plain(name: &str, base: &str, process: u32) -> Self {
        Self { name: name.to_owned(), load: Load::chat(base, Vec::new()), process, is_peer: false }
    }

    /// The same, asked for a stream that tells the upstream how long it shall be.
    pub fn streaming(&self, chunks: usize, every: Duration) -> Self {
        let content = format!("Hello chunks={chunks},every={}", every.as_millis());
        // A peer may know the model by another name.
        let model = self.load.model();
        let body =
            scenarios::json!({"model": model, "stream": true, "messages": [{"role": "user", "content": content}]});
        Self { load: Load { body: body.to_string(), ..self.load.clone() }, ..self.clone() }
    }
}

impl Load {
    pub fn chat(base: &str, headers: Vec<(String, String)>) -> Self {
        Self::chat_with(base, CHAT, MODEL, headers)
    }

    pub fn chat_with(base: &str, path: &str, model: &str, mut headers: Vec<(String, String)>) -> Self {
        headers.push(("Content-Type".into(), "application/json".into()));
        let body = scenarios::json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
        Self { base: base.to_owned(), path: path.to_owned(), headers, body: body.to_string() }
    }

    pub fn url(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// `host:port`
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    fn model(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["model"].as_str().unwrap_or(MODEL).to_owned()
    }

    /// Makes the call once and looks at the answer: a server that answers nonsense quickly is not measured.
    pub fn try_once(&self, expected: &str) -> Result<()> {
        let mut call = Caller::stranger(&self.base).call("POST", &self.path);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "Content-Type") {
            call = call.header(name, value);
        }
        let answer = call.bytes("application/json", self.body.clone()).try_send().context("no answer")?;
        let text = String::from_utf8_lossy(&answer.body);
        if !answer.status.to_string().starts_with('2') || !text.contains(expected) {
            bail!("answered {}: {}", answer.status, text.chars().take(300).collect::<String>());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_asked_for_with_the_same_model() {
        let load = Load::chat_with("http://127.0.0.1:1", "/x", "other/model", Vec::new());
        let contestant = Contestant { name: "p".into(), load, process: 1, is_peer: true };
        let body = contestant.streaming(3, Duration::from_millis(5)).load.body;
        assert!(body.contains(r#""model":"other/model""#) && body.contains("chunks=3,every=5"), "{body}");
        assert!(body.contains(r#""stream":true"#), "{body}");
        assert_eq!(contestant.load.url(), "http://127.0.0.1:1/x");
        assert_eq!(contestant.load.address(), "127.0.0.1:1");
    }
}
