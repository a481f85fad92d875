//! The header that Stripe invented: `t=<seconds>,<version>=<hex>,...`, in any order.

use super::{SignatureError, encoding::from_hex};

/// More parts in one header are not looked at.
const MAX_PARTS: usize = 10;

/// What such a header says.
pub(super) struct TimedTags<'a> {
    /// The one `t`.
    pub timestamp: &'a str,
    /// Each value of the version that counts, `None` where it isn't hex.
    pub tags: Vec<Option<Vec<u8>>>,
}

impl<'a> TimedTags<'a> {
    /// Reads `header`. Other versions than `version` are passed over: a vendor may add some, or sign decoys in them.
    pub fn parse(header: &'a str, version: &str) -> Result<Self, SignatureError> {
        let (mut timestamps, mut tags) = (Vec::new(), Vec::new());
        for part in header.split(',').take(MAX_PARTS) {
            match part.trim().split_once('=') {
                Some(("t", text)) => timestamps.push(text),
                Some((name, hex)) if name == version => tags.push(from_hex(hex)),
                _ => {}
            }
        }
        // With two times, it would be a matter of taste which one is signed.
        let [timestamp] = timestamps.as_slice() else {
            return Err(SignatureError::Malformed);
        };
        Ok(Self { timestamp, tags })
    }

    /// The tags that can be one.
    pub fn decoded(self) -> Vec<Vec<u8>> {
        self.tags.into_iter().flatten().collect()
    }
}
