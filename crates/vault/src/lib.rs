//! Secrets at rest: sealed with XChaCha20-Poly1305 under the deployment's master key, bound to the place they are for.
//!
//! A sealed secret moved to another tenant or vendor doesn't open. The nonce is the caller's (24 random bytes).
//!
//! While the master key is being replaced there are two: what either has sealed opens, and only the new one seals.

mod secret;
mod signed;

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

pub use secret::Secret;
pub use signed::sign;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;

/// Why a secret can't be sealed or opened. Says nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The variable `master_key` is not 32 bytes of base64.
    #[error("master_key must be 32 bytes in base64")]
    BadMasterKey,
    /// Sealed under another key, for another place, or damaged.
    #[error("the secret does not open")]
    DoesNotOpen,
    /// A key that signs tokens must be `<id>:<secret>`.
    #[error("the key must be <id>:<secret>")]
    NotAPair,
    /// Claims that aren't an object, or that name what is added here.
    #[error("the claims can't be signed")]
    BadClaims,
}

/// The master key, and the one before it or after it while it is being replaced.
pub struct Vault {
    own: Master,
    other: Option<Master>,
}

struct Master {
    cipher: XChaCha20Poly1305,
    key: [u8; 32],
}

impl Vault {
    /// Reads the variable `master_key`.
    pub fn new(master_key: &str) -> Result<Self, VaultError> {
        Ok(Self { own: Master::read(master_key)?, other: None })
    }

    /// What another key has sealed, or made a token of, is good as well. Reads the variable `master_previous_key`, of which
    /// empty is none.
    pub fn accepting(self, other_key: &str) -> Result<Self, VaultError> {
        let other = match other_key.trim() {
            "" => None,
            key => Some(Master::read(key)?),
        };
        Ok(Self { other, ..self })
    }

    /// Whether there is another key, whose seals open here as well.
    #[must_use]
    pub fn accepts_another(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.key != self.own.key)
    }

    /// Seals `secret` for `context`, such as `vendor/demo/openai/secret`.
    pub fn seal(&self, context: &str, nonce: [u8; NONCE_BYTES], secret: &str) -> Result<String, VaultError> {
        let payload = Payload { msg: secret.as_bytes(), aad: context.as_bytes() };
        let nonce_of = XNonce::from_slice(&nonce);
        let sealed = self.own.cipher.encrypt(nonce_of, payload).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for the same context.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Secret, VaultError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| VaultError::DoesNotOpen)?;
        self.own.open(context, &bytes).or_else(|error| match &self.other {
            Some(other) => other.open(context, &bytes),
            None => Err(error),
        })
    }

    /// Whether it opens under the key that seals now; `false` asks for it to be sealed anew.
    #[must_use]
    pub fn is_own(&self, context: &str, sealed: &str) -> bool {
        STANDARD.decode(sealed).is_ok_and(|bytes| self.own.open(context, &bytes).is_ok())
    }

    /// A token that only this deployment can make, for `purpose` (HMAC-SHA256, hex).
    #[must_use]
    pub fn token(&self, purpose: &str) -> String {
        self.own.token(purpose)
    }

    /// Another key, for `purpose` (HMAC-SHA256): always the same one under the same master key, and nobody who has it
    /// learns anything of the master key, of another derived key or of a token.
    ///
    /// # Errors
    /// Never: any length of key will do for HMAC.
    pub fn derive(&self, purpose: &str) -> Result<[u8; 32], VaultError> {
        self.own.tag("tollgate key", purpose).ok_or(VaultError::BadMasterKey)
    }

    /// Whether `shown` is the token for `purpose`; in constant time.
    #[must_use]
    pub fn token_matches(&self, purpose: &str, shown: &str) -> bool {
        let matches = |master: &Master| {
            let token = master.token(purpose);
            !token.is_empty() && bool::from(token.as_bytes().ct_eq(shown.as_bytes()))
        };
        matches(&self.own) || self.other.as_ref().is_some_and(matches)
    }
}

impl Master {
    fn read(text: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| VaultError::BadMasterKey)?;
        let key: [u8; 32] = bytes.try_into().map_err(|_| VaultError::BadMasterKey)?;
        Ok(Self { cipher: XChaCha20Poly1305::new(Key::from_slice(&key)), key })
    }

    fn open(&self, context: &str, bytes: &[u8]) -> Result<Secret, VaultError> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(VaultError::DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let secret = self.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| VaultError::DoesNotOpen)?;
        String::from_utf8(secret).map(Secret::new).map_err(|_| VaultError::DoesNotOpen)
    }

    fn token(&self, purpose: &str) -> String {
        let tag = self.tag("tollgate token", purpose).unwrap_or_default();
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        tag.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// The label keeps what is shown (tokens) apart from what never is (keys).
    fn tag(&self, label: &str, purpose: &str) -> Option<[u8; 32]> {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key).ok()?;
        let mac = mac.chain_update(label.as_bytes()).chain_update([0]).chain_update(purpose.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let vault = Vault::new(MASTER).unwrap();
        let sealed = vault.seal("vendor/a/openai/secret", [7; 24], "sk-1").unwrap();
        assert!(!sealed.contains("sk-1"));
        assert_eq!(vault.open("vendor/a/openai/secret", &sealed), Ok(Secret::new("sk-1")));
        assert_eq!(vault.open("vendor/b/openai/secret", &sealed), Err(VaultError::DoesNotOpen));
        assert_eq!(vault.open("vendor/a/openai/secret", "AAAA"), Err(VaultError::DoesNotOpen));
        assert_eq!(vault.open("vendor/a/openai/secret", "not base64!"), Err(VaultError::DoesNotOpen));
    }

    #[test]
    fn ops_5_a_master_key_is_replaced_without_losing_what_it_sealed() {
        const NEW: &str = "//8CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let old = Vault::new(MASTER).unwrap();
        let (sealed, token) = (old.seal("a", [7; 24], "sk-1").unwrap(), old.token("a"));
        // First every node accepts the new key, then each seals by it, then the old one goes.
        let first = Vault::new(MASTER).unwrap().accepting(NEW).unwrap();
        let second = Vault::new(NEW).unwrap().accepting(MASTER).unwrap();
        let last = Vault::new(NEW).unwrap().accepting("").unwrap();
        let resealed = second.seal("a", [8; 24], "sk-1").unwrap();
        for (vault, own, opens) in
            [(&old, true, false), (&first, true, true), (&second, false, true), (&last, false, true)]
        {
            assert_eq!(vault.is_own("a", &sealed), own);
            assert_eq!(vault.open("a", &resealed).is_ok(), opens);
        }
        assert_eq!(second.open("a", &sealed), Ok(Secret::new("sk-1")));
        assert_eq!(second.open("b", &sealed), Err(VaultError::DoesNotOpen));
        assert!(last.open("a", &sealed).is_err() && last.is_own("a", &resealed));
        assert!(second.token_matches("a", &token) && !last.token_matches("a", &token));
        assert_eq!(second.token("a"), last.token("a"));
        assert!(Vault::new(NEW).unwrap().accepting("AAAA").is_err());
        let same = Vault::new(NEW).unwrap().accepting(NEW).unwrap();
        let accept = [&old, &first, &second, &last, &same].map(Vault::accepts_another);
        assert_eq!(accept, [false, true, true, false, false]);
    }

    #[test]
    fn tokens_are_bound_to_their_purpose() {
        let vault = Vault::new(MASTER).unwrap();
        assert!(vault.token_matches("a", &vault.token("a")));
        assert!(!vault.token_matches("b", &vault.token("a")));
        assert!(!vault.token_matches("a", ""));
    }

    #[test]
    fn a_derived_key_is_that_of_another_program() {
        // printf 'tollgate key\0log' | openssl dgst -sha256 -mac hmac -macopt hexkey:000102...1f
        let hex = |key: [u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let vault = Vault::new(MASTER).unwrap();
        let log = vault.derive("log").unwrap();
        assert_eq!(hex(log), "aaa6262692185c3ede4467c7077db4d26673b44c816edba47d21a65a9909939e");
        assert_eq!(
            vault.token("log"),
            "02cfd0de1fa264c9e6e58bf05c1a04ecdd980a7fcedbe7a9f6f625567a55c63a",
            "a token shows nothing of the key"
        );
        assert_ne!(vault.derive("other").unwrap(), log);
        let other = Vault::new("//8CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        assert_ne!(other.derive("log").unwrap(), log);
    }

    #[test]
    fn a_bad_master_key_is_refused() {
        for key in ["", "AAAA", "not base64", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="] {
            assert!(Vault::new(key).is_err());
        }
    }
}
