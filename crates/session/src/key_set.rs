//! A tenant's key set (RFC 7517): the public keys that sign its end users' tokens.
//!
//! Only what RS256, ES256 and EdDSA need is read; keys of other kinds are passed over. Sizes are checked here, because
//! the signature code takes them for granted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value as Json;

/// The largest set that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most keys that are tried for one token: a signature costs time.
const MAX_TRIED: usize = 8;

/// The usable keys of a set.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a set. What can't be used is left out, so a set may end up empty.
    #[must_use]
    pub fn read(set: &Json) -> Self {
        let keys = set.get("keys").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        Self { keys: keys.iter().filter_map(Key::read).collect() }
    }

    /// Whether there is a key with this id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Whether one of the keys made this signature with this algorithm. With a key id only that key counts, and keys
    /// without an id.
    pub(crate) fn verifies(&self, id: Option<&str>, algorithm: Algorithm, message: &str, signature: &str) -> bool {
        self.keys
            .iter()
            .filter(|key| key.algorithm == algorithm)
            .filter(|key| id.is_none() || key.id.is_none() || key.id.as_deref() == id)
            .take(MAX_TRIED)
            .any(|key| crypto::verify(signature, message.as_bytes(), &key.key, algorithm).unwrap_or(false))
    }
}

impl Key {
    fn read(jwk: &Json) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Json::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|used_for| used_for != "sig") {
            return None;
        }
        let (algorithm, key) = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                // 2048 to 4096 bits; both are odd in every RSA key.
                let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
                let sound =
                    (256..=512).contains(&n.len()) && (1..=4).contains(&e.len()) && odd(&n) && odd(&e) && e != [1];
                (Algorithm::RS256, sound.then(|| DecodingKey::from_rsa_raw_components(&n, &e))?)
            }
            ("EC", Some("P-256")) => {
                let sound = bytes("x")?.len() == 32 && bytes("y")?.len() == 32;
                (Algorithm::ES256, sound.then(|| DecodingKey::from_ec_components(text("x")?, text("y")?).ok())??)
            }
            ("OKP", Some("Ed25519")) => {
                let sound = bytes("x")?.len() == 32;
                (Algorithm::EdDSA, sound.then(|| DecodingKey::from_ed_components(text("x")?).ok())??)
            }
            _ => return None,
        };
        // A key that names another algorithm is not for this one (RFC 7517, 4.4).
        let own = match algorithm {
            Algorithm::RS256 => ["RS256", "RS256"],
            Algorithm::ES256 => ["ES256", "ES256"],
            _ => ["EdDSA", "Ed25519"],
        };
        if text("alg").is_some_and(|named| !own.contains(&named)) {
            return None;
        }
        Some(Self { id: text("kid").map(str::to_owned), algorithm, key })
    }
}
