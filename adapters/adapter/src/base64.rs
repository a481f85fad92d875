//! Base64 (RFC 4648, section 4), padded.

use alloc::vec::Vec;

/// The bytes; `None` if it is no such text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len().checked_sub(padding)?)?;
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            bits = (bits << 6) | u32::from(value(*byte)?);
        }
        // A group that the padding has shortened.
        let missing = u32::try_from(4_usize.checked_sub(group.len())?).ok()?;
        bits <<= missing.checked_mul(6)?;
        let [_, bytes @ ..] = bits.to_be_bytes();
        let kept = group.len().checked_sub(1)?;
        // What the last digit says beyond the last byte must be nothing: one text for each content.
        if bytes.iter().skip(kept).any(|byte| *byte != 0) {
            return None;
        }
        out.extend(bytes.into_iter().take(kept));
    }
    Some(out)
}

fn value(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit.wrapping_sub(b'A'),
        b'a'..=b'z' => digit.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => digit.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_standards_own_vectors() {
        let rows: [(&str, Option<&[u8]>); 16] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==", Some(b"foob")),
            ("Zm9vYmE=", Some(b"fooba")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("+/+/", Some(b"\xfb\xff\xbf")),
            ("Zg", None),
            ("Zh==", None),
            ("Z===", None),
            ("====", None),
            ("Zm9=v", None),
            ("Zg==Zg==", None),
            ("Zm9-", None),
            ("Zm 9", None),
        ];
        for (text, bytes) in rows {
            assert_eq!(decode(text).as_deref(), bytes, "{text}");
        }
    }
}
