//! Collects an answer while it passes, as far as it may be kept.

use shell::idempotency::{Head, Kept, MAX_BODY_BYTES};

/// An answer being collected.
#[derive(Debug, PartialEq, Eq)]
pub enum Record {
    /// Nobody wants it.
    Off,
    /// So far.
    Bytes(Vec<u8>),
    /// It is longer than what is kept.
    TooLong,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The vendor said all it had to say.
    Whole,
    /// The page left, or somebody stopped it.
    Cut,
}

impl Record {
    pub fn begin() -> Self {
        Self::Bytes(Vec::new())
    }

    pub fn push(&mut self, bytes: &[u8]) {
        let Self::Bytes(so_far) = self else { return };
        if so_far.len() + bytes.len() > MAX_BODY_BYTES {
            *self = Self::TooLong;
        } else {
            so_far.extend_from_slice(bytes);
        }
    }

    /// What is kept: a whole answer, or that there was one.
    pub fn kept(self, head: Head, end: End) -> Kept {
        match (self, end) {
            (Self::Bytes(bytes), End::Whole) => head.whole(&bytes),
            _ => head.fact(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shell::Reply;

    use super::*;

    #[test]
    fn only_a_whole_answer_of_bounded_length_is_kept() {
        let head = || Head::of(&Reply::empty(200).with("x-limit-check-id", "lc_1"));
        let check = |chunks: &[usize], end: End, expected: Kept| {
            let mut record = Record::begin();
            chunks.iter().for_each(|length| record.push(&vec![b'a'; *length]));
            assert_eq!(record.kept(head(), end), expected, "{chunks:?} {end:?}");
        };
        check(&[], End::Whole, head().whole(b""));
        check(&[1, 2], End::Whole, head().whole(b"aaa"));
        check(&[1, 2], End::Cut, head().fact());
        check(&[MAX_BODY_BYTES], End::Whole, head().whole(&vec![b'a'; MAX_BODY_BYTES]));
        check(&[MAX_BODY_BYTES, 1], End::Whole, head().fact());
        check(&[MAX_BODY_BYTES, 1, 1], End::Cut, head().fact());
    }

    #[test]
    fn nothing_is_collected_that_nobody_wants() {
        let mut record = Record::Off;
        record.push(b"a");
        assert_eq!(record, Record::Off);
    }
}
