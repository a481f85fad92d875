//! End users' tokens: an issuer with a key of its own, RS256 or EdDSA.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::Signer as _;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::SignatureEncoding;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, rand_core::OsRng};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{random, unique};

/// An identity provider.
pub struct Issuer {
    pub name: String,
    pub audience: String,
    key_id: String,
    key: Key,
}

enum Key {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Rsa(Box<RsaPrivateKey>),
}

impl Issuer {
    pub fn eddsa() -> Self {
        Self::with(Key::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&random::bytes()))))
    }

    pub fn rs256() -> Self {
        Self::with(Key::Rsa(Box::new(RsaPrivateKey::new(&mut OsRng, 2048).expect("an RSA key"))))
    }

    fn with(key: Key) -> Self {
        let name = format!("https://{}.example", unique("idp-"));
        Self { name, audience: unique("audience-"), key_id: unique("key-"), key }
    }

    /// The tenant's `end_user_auth`.
    pub fn end_user_auth(&self) -> Value {
        json!({"issuer": self.name, "audience": self.audience, "jwks": {"keys": [self.public_key()]}})
    }

    /// A good token, with `claims` over the usual ones (null removes one).
    pub fn token(&self, claims: Value) -> String {
        self.token_with_header(json!({}), claims)
    }

    /// The same, with `header` fields over the usual ones.
    pub fn token_with_header(&self, header: Value, claims: Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let mut all = json!({"iss": self.name, "aud": self.audience, "sub": "user-a", "iat": now, "exp": now + 300});
        crate::tenant::merge(&mut all, claims);
        if let Some(fields) = all.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let algorithm = match self.key {
            Key::Ed25519(_) => "EdDSA",
            Key::Rsa(_) => "RS256",
        };
        let mut head = json!({"alg": algorithm, "typ": "JWT", "kid": self.key_id});
        crate::tenant::merge(&mut head, header);
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(all.to_string()));
        format!("{signed}.{}", BASE64.encode(self.sign(signed.as_bytes())))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Key::Rsa(key) => SigningKey::<Sha256>::new((**key).clone()).sign(message).to_vec(),
        }
    }

    fn public_key(&self) -> Value {
        match &self.key {
            Key::Ed25519(key) => json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id,
                "x": BASE64.encode(key.verifying_key().to_bytes()),
            }),
            Key::Rsa(key) => json!({
                "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.key_id,
                "n": BASE64.encode(key.n().to_bytes_be()), "e": BASE64.encode(key.e().to_bytes_be()),
            }),
        }
    }
}
