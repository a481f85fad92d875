//! Ids of events that can happen once only: they follow from the event itself, so that whoever tells of it again, after
//! a crash say, says the same id, and the log drops the repeat.

use sha2::{Digest, Sha256};

/// Crockford's base 32, as in ULIDs: an id that was drawn at random looks the same.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits of 128 bits, five to a digit.
const DIGITS: usize = 26;

/// `evt_` and 26 characters, out of what names the event for good: its type and whom it happened to.
#[must_use]
pub fn event_id(names: &[&str]) -> String {
    let mut hash = Sha256::new();
    for name in names {
        // No name holds a line break, so no two lists run together.
        hash.update(name);
        hash.update(b"\n");
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bits = digest.iter().take(16).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let mut digits = Vec::with_capacity(DIGITS);
    while digits.len() < DIGITS {
        let digit = usize::try_from(bits & 31).unwrap_or(0);
        digits.push(ALPHABET.get(digit).copied().unwrap_or(b'0'));
        bits >>= 5;
    }
    digits.iter().rev().fold("evt_".to_owned(), |mut id, digit| {
        id.push(char::from(*digit));
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_its_names() {
        // printf 'SESSION_STARTED\nses_1\n' | sha256sum, the first 32 hex digits in base 32
        let check = |names: &[&str], id: &str| assert_eq!(event_id(names), id, "{names:?}");
        check(&["SESSION_STARTED", "ses_1"], "evt_0PYZKAKEP08P6S6WM02G8GJP20");
        check(&["SESSION_ENDED", "ses_1"], "evt_2REPC2J9MSTJM5PBVKQJ06Z8KR");
        assert_ne!(event_id(&["A", "B1"]), event_id(&["AB", "1"]));
        let id = event_id(&["X"]);
        assert_eq!(id.len(), 30);
        // What a ULID may begin with: 128 bits are no more than this.
        assert!(id.as_bytes().get(4).is_some_and(|first| (b'0'..=b'7').contains(first)), "{id}");
    }
}
