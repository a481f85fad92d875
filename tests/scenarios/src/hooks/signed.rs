//! One event of a vendor, and its signature at the moment at which it is sent.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{random, unique};

/// An event, as often as it may be sent.
#[derive(Debug, Clone)]
pub struct Event {
    /// How the tests call it.
    pub name: String,
    /// Where it goes: path and query.
    pub route: String,
    pub sign: Sign,
    pub body: Vec<u8>,
}

/// How it is signed.
#[derive(Debug, Clone)]
pub enum Sign {
    /// The gate's own scheme: id and time are signed.
    Generic { secret: String, id: String },
    /// Standard Webhooks under a key: id and time are signed.
    Standard { key: Vec<u8>, id: String },
    /// `X-Hub-Signature-256`: nothing but the body is signed, and each delivery shows another id.
    GitHub { secret: String },
    /// kie.ai: the task and the time are signed.
    Kie { secret: String, task: String },
    /// The route has the token.
    Nothing,
}

impl Event {
    /// The headers of a delivery at `at`, in Unix seconds: a retry is signed anew.
    pub fn headers(&self, at: u64) -> Vec<(&'static str, String)> {
        let of = |secret: &[u8], prefix: String| mac(secret, &[prefix.as_bytes(), &self.body].concat());
        match &self.sign {
            Sign::Generic { secret, id } => vec![
                ("x-signature", random::hex(&of(secret.as_bytes(), format!("{at}.{id}.")))),
                ("x-request-id", id.clone()),
                ("x-timestamp", at.to_string()),
            ],
            Sign::Standard { key, id } => vec![
                ("webhook-id", id.clone()),
                ("webhook-timestamp", at.to_string()),
                ("webhook-signature", format!("v1,{}", BASE64.encode(of(key, format!("{id}.{at}."))))),
            ],
            Sign::GitHub { secret } => vec![
                ("x-hub-signature-256", format!("sha256={}", random::hex(&of(secret.as_bytes(), String::new())))),
                ("x-github-delivery", unique("dlv-")),
            ],
            Sign::Kie { secret, task } => vec![
                ("x-webhook-signature", BASE64.encode(mac(secret.as_bytes(), format!("{task}.{at}").as_bytes()))),
                ("x-webhook-timestamp", at.to_string()),
            ],
            Sign::Nothing => Vec::new(),
        }
    }
}

pub fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Unix seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
