//! The Ed25519 keys that sign notes and check them, and their names.
//!
//! Source: <https://c2sp.org/signed-note>, "Signatures"; the text form of a verifier is that of the Go module
//! `golang.org/x/mod/sumdb/note`, which the ecosystem shares.

use crate::text::{from_base64, to_base64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// What a signature line begins with: an em dash and a space.
pub(crate) const DASH: &str = "\u{2014} ";
/// The signature type of Ed25519.
const ED25519: u8 = 1;

/// A name that no key may have: empty, or with a space, a plus or a control character in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a key's name: empty, or with a space, a plus or a control character")]
pub struct NameError;

/// Text that is not the key of a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not `name+hex+base64`, or not an Ed25519 key.
    #[error("not a verifier key")]
    Malformed,
    /// The key's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The identifier in the text is not that of this name and key: one of the three was altered.
    #[error("the key identifier does not belong to this name and key")]
    KeyId,
}

/// A name and the Ed25519 key that signs for it. The key is wiped on drop and never shown.
pub struct Signer {
    key: SigningKey,
    verifier: Verifier,
    predecessor: Option<Verifier>,
}

/// A name and the Ed25519 key that its notes are checked with. As text: `name+hex(key id)+base64(0x01 || key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key_id: [u8; 4],
    key: VerifyingKey,
}

impl Signer {
    /// The signer with the key that grows from `seed` (the private key of RFC 8032).
    ///
    /// # Errors
    /// No key may have this name.
    pub fn new(name: impl Into<String>, seed: [u8; 32]) -> Result<Signer, NameError> {
        let key = SigningKey::from_bytes(&seed);
        let verifier = Verifier::new(name.into(), key.verifying_key())?;
        Ok(Signer { key, verifier, predecessor: None })
    }

    /// The same signer, for a log that another key has signed until now.
    #[must_use]
    pub fn succeeding(self, predecessor: Verifier) -> Signer {
        Signer { predecessor: Some(predecessor), ..self }
    }

    /// The key that signed before this one, if there was one.
    #[must_use]
    pub fn predecessor(&self) -> Option<&Verifier> {
        self.predecessor.as_ref()
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// What others check this signer's notes with.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.verifier.clone()
    }

    /// The whole note: `text`, an empty line, the signature line. The same text always gives the same bytes.
    ///
    /// The text must end in a newline and have no other control characters; [`crate::open`] refuses a note of any other.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let line = to_base64(&[&self.verifier.key_id[..], &signature[..]].concat());
        format!("{text}\n{DASH}{} {line}\n", self.verifier.name)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signer").field("verifier", &self.verifier.to_string()).finish_non_exhaustive()
    }
}

impl Verifier {
    fn new(name: String, key: VerifyingKey) -> Result<Verifier, NameError> {
        if !is_name(&name) {
            return Err(NameError);
        }
        let key_id = key_id(&name, key.as_bytes());
        Ok(Verifier { name, key_id, key })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The identifier that its signatures carry: `SHA256(name || 0x0A || 0x01 || key)[..4]`.
    #[must_use]
    pub fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Whether the key made this signature of the text.
    pub(crate) fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        // Strict: no weak keys, and no second encoding of one signature.
        self.key.verify_strict(text.as_bytes(), &signature).is_ok()
    }

    /// The public key's 32 bytes (RFC 8032).
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.key_id);
        let key = to_base64(&[&[ED25519], &self.key.as_bytes()[..]].concat());
        write!(out, "{}+{id:08x}+{key}", self.name)
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // A name has no plus; base64 may have some.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let bytes = from_base64(key).ok_or(KeyError::Malformed)?;
        let Some((&ED25519, key)) = bytes.split_first() else { return Err(KeyError::Malformed) };
        let key = VerifyingKey::try_from(key).ok().filter(|key| !key.is_weak()).ok_or(KeyError::Malformed)?;
        let verifier = Verifier::new(name.to_owned(), key)?;
        if format!("{:08x}", u32::from_be_bytes(verifier.key_id)) == id { Ok(verifier) } else { Err(KeyError::KeyId) }
    }
}

/// The rule for names of keys, on signature lines as well.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|character| character.is_whitespace() || character < ' ' || character == '+')
}

fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let whole = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key).finalize();
    let [a, b, c, d, ..]: [u8; 32] = whole.into();
    [a, b, c, d]
}
