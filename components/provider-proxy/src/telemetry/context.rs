//! Which trace a request belongs to (W3C Trace Context), and the ids of its spans.

use sha2::{Digest, Sha256};

/// The trace, and the caller's span in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    pub trace: [u8; 16],
    pub parent: Option<[u8; 8]>,
    sampled: bool,
}

impl Context {
    /// The caller's trace, if it says of one; else one of the request's own.
    pub fn of(header: Option<&str>, request_id: &str) -> Self {
        header.and_then(read).unwrap_or_else(|| Self {
            trace: first(&hash(&["trace", request_id])),
            parent: None,
            sampled: false,
        })
    }

    /// The same, whatever its caller wants kept.
    pub fn unsampled(self) -> Self {
        Self { sampled: false, ..self }
    }

    /// Whether the caller keeps its trace: then ours belongs to it.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// The id of the span of this thing: of the request, or of the permit that a vendor was called under.
    pub fn span(&self, of: &str) -> [u8; 8] {
        first(&hash(&["span", of]))
    }
}

/// `00-{trace id}-{parent id}-{flags}`. What a later version adds behind is left aside, as its standard wants.
fn read(header: &str) -> Option<Context> {
    let mut parts = header.trim().split('-');
    let version: [u8; 1] = bytes(parts.next()?)?;
    let (trace, parent) = (bytes(parts.next()?)?, bytes(parts.next()?)?);
    let [flags] = bytes(parts.next()?)?;
    let more = parts.next().is_some();
    let is_wrong = version == [0xff] || (version == [0] && more) || trace == [0; 16] || parent == [0; 8];
    (!is_wrong).then_some(Context { trace, parent: Some(parent), sampled: flags & 1 == 1 })
}

/// So many bytes in hex, in small letters.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut out = [0; N];
    for (place, pair) in out.iter_mut().zip(digits.chunks(2)) {
        *place = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

fn hash(parts: &[&str]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0])).finalize().into()
}

/// The first bytes, which are all nothing once in a very long time; that would be no id.
fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(hash).for_each(|(place, byte)| *place = *byte);
    if out == [0; N] { [1; N] } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_traces_go_on_where_the_caller_began() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let check = |header: &str, parent: bool, sampled: bool| {
            let context = Context::of(Some(header), "req_1");
            assert_eq!((context.parent.is_some(), context.is_sampled()), (parent, sampled), "{header}");
        };
        check(good, true, true);
        check(&good.replace("-01", "-00"), true, false);
        check(&good.replace("-01", "-03"), true, true);
        check(&format!("01{}-what-comes-later", &good[2..]), true, true);
        for wrong in [
            "",
            "00",
            &format!("{good}-more"),
            &good.replace("00-", "ff-"),
            &good.to_uppercase(),
            &good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &good.replace("b7ad6b7169203331", &"0".repeat(16)),
            &good.replace("b7ad", "b7a"),
            &good.replace("b7ad", "+7ad"),
            &good.replace("b7ad", "b7äd"),
        ] {
            check(wrong, false, false);
        }
    }

    #[test]
    fn ids_follow_from_the_requests() {
        let of = |id: &str| Context::of(None, id);
        assert_eq!(of("req_1"), of("req_1"));
        assert_ne!(of("req_1").trace, of("req_2").trace);
        assert_eq!(of("req_1").span("lc_1"), of("req_2").span("lc_1"));
        assert_ne!(of("req_1").span("lc_1"), of("req_1").span("req_1"));
    }
}
