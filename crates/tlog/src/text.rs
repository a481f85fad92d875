//! The exact text forms that the specifications share: each value has one spelling, and any other is refused.

use crate::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};

/// A decimal without sign, spaces or leading zeros; `None` for anything else and for what is past `u64`.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { text.parse().ok() } else { None }
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Standard base64 with its padding, and zero in the bits left over.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn hash(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}
