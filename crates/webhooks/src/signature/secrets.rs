//! The secrets that are active for one vendor of one tenant: one, or two while it is being changed.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::SignatureError;

/// More are not tried: a bound on what one unsigned request can cost.
const MAX_SECRETS: usize = 5;

/// Active secrets.
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Reads the stored text: one secret a line.
    ///
    /// # Errors
    /// [`SignatureError::NoSecret`] when there is none.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let secrets: Vec<String> = lines.take(MAX_SECRETS).map(str::to_owned).collect();
        if secrets.is_empty() { Err(SignatureError::NoSecret) } else { Ok(Self(secrets)) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn as_bytes(&self) -> Vec<&[u8]> {
        self.iter().map(str::as_bytes).collect()
    }

    /// Whether `shown` is itself one of them. Hashes are compared: so not even the length of a secret shows in the time.
    pub(super) fn contain(&self, shown: &str) -> bool {
        let shown = Sha256::digest(shown);
        let same = |secret: &str| Sha256::digest(secret).as_slice().ct_eq(shown.as_slice());
        self.iter().fold(Choice::from(0), |found, secret| found | same(secret)).into()
    }
}

/// Whether one of `shown` is the HMAC-SHA256 of `parts` under one of `keys`. Every pair is compared, in constant time.
pub(super) fn any_matches(keys: &[&[u8]], parts: &[&[u8]], shown: &[Vec<u8>]) -> bool {
    let mut found = Choice::from(0);
    for key in keys {
        // An HMAC takes keys of any length, so this never skips.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
            continue;
        };
        parts.iter().for_each(|part| mac.update(part));
        let tag = mac.finalize().into_bytes();
        for shown in shown {
            found |= tag.as_slice().ct_eq(shown);
        }
    }
    found.into()
}
