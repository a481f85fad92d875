//! One good delivery for each form of each scheme.

use calendar::Millis;
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, Verified, verify};

use crate::vectors::Vector;

use Covered::{No, Yes};

/// A good delivery.
pub struct Good {
    pub scheme: Scheme,
    pub secret: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub now: Millis,
}

/// Whether the signature depends on it.
#[derive(Clone, Copy, PartialEq)]
pub enum Covered {
    Yes,
    No,
}

impl Good {
    fn of(vector: &str, headers: &[&str]) -> Self {
        let vector = Vector::named(vector);
        let needed = vector.headers.iter().filter(|(name, _)| headers.contains(&name.as_str()));
        Self {
            scheme: vector.scheme(),
            secret: vector.secret(),
            headers: needed.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect(),
            body: vector.body.clone().into_bytes(),
            now: Millis(vector.now_unix * 1_000),
        }
    }

    /// Without the decoy, whose bytes don't count.
    fn stripe() -> Self {
        let mut good = Self::of("async-stripe-valid", &["Stripe-Signature"]);
        let value = &mut good.headers[0].1;
        value.truncate(value.len() - format!(",v0={}", "0".repeat(64)).len());
        good
    }

    /// GitHub's documents give this one.
    fn github() -> Self {
        let value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        Self {
            scheme: Scheme::GitHub,
            secret: "It's a Secret to Everybody".into(),
            headers: vec![("X-Hub-Signature-256".into(), value.into())],
            body: b"Hello, World!".to_vec(),
            now: Millis(0),
        }
    }

    /// Computed with another implementation (Python's hmac module).
    fn generic() -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        Self {
            scheme: Scheme::Generic,
            secret: "generic-secret".into(),
            headers: vec![
                header("X-Signature", "3e27df862846b2c2c6eaad7fc6f9afd00079b3d714426800c1b34c691ec967f4"),
                header("X-Request-Id", "req-1"),
                header("X-Timestamp", "1795165200"),
            ],
            body: br#"{"event":"done"}"#.to_vec(),
            now: Millis(1_795_165_200_000),
        }
    }

    pub fn judge(&self) -> Result<Verified, SignatureError> {
        self.judge_at(self.now)
    }

    pub fn judge_at(&self, now: Millis) -> Result<Verified, SignatureError> {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(k, v)| (k.as_str(), v.as_slice())).collect();
        verify(self.scheme, &Secrets::parse(&self.secret)?, &Headers(&headers), &self.body, now)
    }

    /// What is judged when header `index` is `value`.
    pub fn with(&mut self, index: usize, value: &[u8]) -> Result<Verified, SignatureError> {
        let before = std::mem::replace(&mut self.headers[index].1, value.to_vec());
        let found = self.judge();
        self.headers[index].1 = before;
        found
    }
}

/// Each form of each scheme, and whether the body is under its signature.
pub fn goods() -> Vec<(Good, Covered)> {
    let standard = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    vec![
        (Good::generic(), Yes),
        (Good::of("stdwh-valid", &standard), Yes),
        (Good::of("stdwh-ed25519-valid", &standard), Yes),
        (Good::of("eleven-valid", &["ElevenLabs-Signature"]), Yes),
        (Good::of("livekit-valid", &["Authorization"]), Yes),
        (Good::of("heygen-v3-valid", &["Heygen-Signature", "Heygen-Timestamp"]), Yes),
        (Good::of("heygen-legacy-valid", &["Signature"]), Yes),
        (Good::of("kie-valid", &["X-Webhook-Signature", "X-Webhook-Timestamp"]), No),
        (Good::of("uploadpost-valid", &["X-Upload-Post-Signature", "X-Upload-Post-Timestamp"]), Yes),
        (Good::stripe(), Yes),
        (Good::of("telegram-valid", &["X-Telegram-Bot-Api-Secret-Token"]), No),
        (Good::github(), Yes),
    ]
}
