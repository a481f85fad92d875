//! Request headers, read strictly: what a signature hangs on must be there exactly once.

use super::SignatureError;

/// Longer values are of no scheme.
const MAX_VALUE: usize = 4096;

/// Names in any case, values as received.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(pub &'a [(&'a str, &'a [u8])]);

impl<'a> Headers<'a> {
    /// Whether there is a header `name` at all.
    pub(super) fn have(&self, name: &str) -> bool {
        self.0.iter().any(|(have, _)| have.eq_ignore_ascii_case(name))
    }

    /// The one value of `name`: visible ASCII, spaces and tabs, not longer than any scheme needs.
    pub(super) fn one(&self, name: &str) -> Result<&'a str, SignatureError> {
        let mut values = self.0.iter().filter(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let value = values.next().ok_or(SignatureError::MissingHeader)?;
        // With two, a relay and the gate might look at different ones.
        let alone = values.next().is_none();
        let plain = value.iter().all(|byte| byte.is_ascii_graphic() || b" \t".contains(byte));
        if !alone || !plain || value.is_empty() || value.len() > MAX_VALUE {
            return Err(SignatureError::Malformed);
        }
        std::str::from_utf8(value).map_err(|_| SignatureError::Malformed)
    }
}

/// Reads the id of a delivery. A dot would make it unclear where the id ends and the body begins, so that a signature
/// could be shown with another id.
pub(super) fn delivery_id(text: &str) -> Result<&str, SignatureError> {
    let plain = (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    if plain { Ok(text) } else { Err(SignatureError::Malformed) }
}
