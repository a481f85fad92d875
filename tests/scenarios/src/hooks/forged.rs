//! What forgers send: a vendor's event that somebody else has had in his hands.

use super::signed::{Event, Sign, now};
use crate::unique;

/// What a forger does to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// One byte of the body is another one.
    Altered,
    /// The signature is cut off in the middle.
    Truncated,
    /// There is no signature.
    Missing,
    /// A delivery of an hour ago, as it was.
    Stale,
    /// The signature of an hour ago with the time of now.
    FreshTime,
    /// A signature that somebody else has made.
    OtherKey,
}

impl Bad {
    pub const ALL: [Self; 6] =
        [Self::Altered, Self::Truncated, Self::Missing, Self::Stale, Self::FreshTime, Self::OtherKey];
}

const AN_HOUR: u64 = 3_600;

/// The headers and the body of a delivery that nobody may believe.
pub fn forged(event: &Event, bad: Bad) -> (Vec<(&'static str, String)>, Vec<u8>) {
    let (mut headers, mut body) = (event.headers(now()), event.body.clone());
    let is_tag = |name: &str| name.ends_with("signature") || name.ends_with("signature-256");
    let tag = headers.iter().position(|(name, _)| is_tag(name)).expect("it is signed");
    let has_time = headers.iter().any(|(name, _)| name.ends_with("timestamp"));
    match bad {
        // kie.ai doesn't sign the rest of the body, and without a time there is no staleness: cut those off instead.
        Bad::Altered if !matches!(event.sign, Sign::Kie { .. }) => {
            let middle = body.len() / 2;
            body[middle] ^= 1;
        }
        Bad::Stale if has_time => headers = event.headers(now() - AN_HOUR),
        Bad::FreshTime if has_time => headers[tag].1 = event.headers(now() - AN_HOUR)[tag].1.clone(),
        Bad::Missing => drop(headers.remove(tag)),
        Bad::OtherKey => {
            let other = unique("other-");
            let mut event = event.clone();
            match &mut event.sign {
                Sign::Generic { secret, .. } | Sign::GitHub { secret } | Sign::Kie { secret, .. } => *secret = other,
                Sign::Standard { key, .. } => *key = other.into_bytes(),
                Sign::Nothing => {}
            }
            headers = event.headers(now());
        }
        _ => {
            let value = &mut headers[tag].1;
            value.truncate(value.len() / 2);
        }
    }
    (headers, body)
}
