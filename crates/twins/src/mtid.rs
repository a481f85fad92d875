//! A twin's id: `MTID#7K3Q-9D2M-XW4B`, 60 random bits in Crockford's base 32.
//!
//! It is read with or without `MTID#`, with `#` as it is or percent-encoded (it ends the path of a URL otherwise), in any
//! case, and with the letters that look like digits (`O`, `I`, `L`) taken for them.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Crockford's base 32: no `I`, `L`, `O`, `U`.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: usize = 12;
const GROUP: usize = 4;
const BITS: u64 = (1 << 60) - 1;
const PREFIX: &str = "MTID";

/// See the module's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mtid(u64);

/// A text that is no twin's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a twin's id, such as MTID#7K3Q-9D2M-XW4B")]
pub struct NotAnId;

impl Mtid {
    /// Out of random bytes, of which 60 bits are used.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes) & BITS)
    }

    /// The id without its prefix, `7K3Q-9D2M-XW4B`: what stands in keys of the store, and may stand in paths.
    #[must_use]
    pub fn code(self) -> String {
        let mut code = String::with_capacity(DIGITS.saturating_add(2));
        for place in 0..DIGITS {
            if place > 0 && place.is_multiple_of(GROUP) {
                code.push('-');
            }
            let shift = DIGITS.saturating_sub(place).saturating_sub(1).saturating_mul(5);
            let digit = usize::try_from((self.0 >> shift) & 31).unwrap_or(0);
            code.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
        }
        code
    }
}

impl fmt::Display for Mtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}#{}", self.code())
    }
}

impl FromStr for Mtid {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // Longer than any way to write one.
        if text.len() > 32 || !text.is_ascii() {
            return Err(NotAnId);
        }
        let upper = text.to_ascii_uppercase();
        let code = match upper.strip_prefix(PREFIX) {
            Some(rest) => rest.strip_prefix('#').or_else(|| rest.strip_prefix("%23")).ok_or(NotAnId)?,
            None => &upper,
        };
        let groups: Vec<&str> = code.split('-').collect();
        if groups.len().saturating_mul(GROUP) != DIGITS || groups.iter().any(|group| group.len() != GROUP) {
            return Err(NotAnId);
        }
        let digits = groups.iter().flat_map(|group| group.bytes());
        digits.map(value).try_fold(0_u64, |bits, digit| Some((bits << 5) | digit?)).map(Self).ok_or(NotAnId)
    }
}

fn value(digit: u8) -> Option<u64> {
    let digit = match digit {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == digit).and_then(|place| u64::try_from(place).ok())
}

impl TryFrom<String> for Mtid {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<Mtid> for String {
    fn from(id: Mtid) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn twn_1_an_id_is_read_however_it_is_written() {
        let check = |text: &str, id: Option<&str>| {
            assert_eq!(text.parse::<Mtid>().ok().map(|id| id.to_string()).as_deref(), id, "{text}");
        };
        let id = Some("MTID#7K3Q-9D2M-XW4B");
        check("MTID#7K3Q-9D2M-XW4B", id);
        check("mtid#7k3q-9d2m-xw4b", id);
        check("MTID%237K3Q-9D2M-XW4B", id);
        check("mtid%237k3q-9d2m-xw4b", id);
        check("7K3Q-9D2M-XW4B", id);
        check("OIL0-0000-0000", Some("MTID#0110-0000-0000"));
        check("ZZZZ-ZZZZ-ZZZZ", Some("MTID#ZZZZ-ZZZZ-ZZZZ"));
        for text in [
            "",
            "MTID#",
            "MTID7K3Q-9D2M-XW4B",
            "MTID#7K3Q9D2MXW4B",
            "7K3Q-9D2M",
            "7K3Q-9D2M-XW4",
            "7K3Q-9D2M-XW4B-0000",
            "UUUU-UUUU-UUUU",
            "MTID#1234567890-ABC123",
            "7K3Q-9D2M-XW4\u{e4}",
            " 7K3Q-9D2M-XW4B",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn twn_1_an_id_holds_sixty_random_bits() {
        assert_eq!(Mtid::from_random([0; 8]).to_string(), "MTID#0000-0000-0000");
        assert_eq!(Mtid::from_random([0xff; 8]).to_string(), "MTID#ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(Mtid::from_random([0, 0, 0, 0, 0, 0, 0, 33]).code(), "0000-0000-0011");
        for seed in 0..200_u64 {
            let id = Mtid::from_random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
            assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<Mtid>(&json).unwrap(), id);
        }
    }
}
