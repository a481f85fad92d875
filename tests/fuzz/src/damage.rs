//! Damages bytes: at random, with pieces of another good case, and with what parsers are known to stumble over.

use crate::json;
use crate::rng::Rng;

/// No damaged part is larger: what strangers may send has a bound as well.
pub const MAX_BYTES: usize = 64 * 1024;

/// What stands for a vendor's own words: [`words`] put it into answers, and no page may see it.
pub const MARK: &str = "Zq7strangers-words";

/// What parsers may take for nothing.
const BLANKS: [&str; 7] = [" ", "\n", "\r\n", "\t", "\0", "\u{feff}", "\u{a0}"];

/// Bytes that parsers are known to stumble over.
pub fn words() -> Vec<Vec<u8>> {
    let texts = [
        "null",
        "true",
        "0",
        "-0",
        "-1",
        "1e999",
        "1E-999",
        "0.1",
        "18446744073709551616",
        "9223372036854775808",
        "-9223372036854775808",
        "4294967296",
        "\"\"",
        "{}",
        "[]",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\",
        "\\u0000",
        "\\ud800",
        "\\ud83d\\ude00",
        "\u{feff}",
        "\u{202e}",
        "\u{1F600}",
        "é",
        "\r\n",
        "\n",
        "\t",
        " ",
        "\0",
        "=",
        ".",
        "..",
        "/",
        "../",
        "//",
        "%00",
        "%2e%2e",
        "?",
        "#",
        "&",
        "<script>",
        "javascript:alert(1)",
        "https://",
        "http://127.0.0.1/",
        "v1,",
        "v1a,",
        "sha256=",
        "t=",
        "whsec_",
        "whpk_",
        "Bearer ",
        "eyJhbGciOiJub25lIn0",
        "99999999999999999999999999",
        "1e5",
        "+1",
        "0x10",
        "NaN",
        "-Infinity",
        MARK,
    ];
    let mut words: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    words.extend([
        vec![0xff],
        vec![0xc0, 0x80],
        vec![0xed, 0xa0, 0x80],
        vec![0xf4, 0x90, 0x80, 0x80],
        vec![0xe2, 0x82],
    ]);
    words.extend([
        b"[".repeat(5_000),
        b"{\"a\":".repeat(2_000),
        b"a".repeat(10_000),
        b"9".repeat(400),
        b" ".repeat(3_000),
    ]);
    words
}

/// `bytes`, damaged in one or a few ways. `others` are other good ones of the same kind.
pub fn damaged(rng: &mut Rng, bytes: &[u8], others: &[&[u8]], words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Once, mostly: what is damaged twice is more often refused for the wrong reason.
    let times = if rng.one_in(3) { 2 + rng.below(3) } else { 1 };
    for _ in 0..times {
        // What is still JSON after it was changed gets further than what is not.
        let changed = if rng.one_in(3) { None } else { json::changed(rng, &bytes, others) };
        bytes = changed.unwrap_or_else(|| cut_and_pasted(rng, &bytes, others, words));
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn cut_and_pasted(rng: &mut Rng, bytes: &[u8], others: &[&[u8]], words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = rng.below(bytes.len() + 1);
    let end = (at + rng.few()).min(bytes.len());
    match rng.below(10) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = rng.draw().to_le_bytes()[0];
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        4 => bytes.truncate(at),
        5 => {
            let random: Vec<u8> = (0..rng.few()).map(|_| rng.draw().to_le_bytes()[0]).collect();
            bytes.splice(at..at, random);
        }
        6 => {
            let word = rng.pick(words).cloned().unwrap_or_default();
            let until = if rng.one_in(2) { at } else { end };
            bytes.splice(at..until, word);
        }
        7 => {
            // The beginning of this one, the end of another.
            let other = rng.pick(others).copied().unwrap_or_default();
            let from = rng.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        8 => {
            // Around it, where parsers are often lenient.
            let blank = rng.pick(&BLANKS).map(|blank| blank.as_bytes().to_vec());
            let word = if rng.one_in(2) { blank } else { rng.pick(words).cloned() }.unwrap_or_default();
            let place = if rng.one_in(2) { 0 } else { bytes.len() };
            bytes.splice(place..place, word);
        }
        _ => {
            let other = rng.below(bytes.len() + 1);
            if at < bytes.len() && other < bytes.len() {
                bytes.swap(at, other);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_bounded_and_repeats_itself() {
        let (good, words) = (br#"{"id": "evt_1", "data": {"list": [1, 2, 3]}}"#.as_slice(), words());
        let mut unchanged = 0;
        for round in 0..2_000 {
            let damage = || damaged(&mut Rng::of(1, "damage", round), good, &[good, b"other"], &words);
            assert_eq!(damage(), damage(), "round {round}");
            assert!(damage().len() <= MAX_BYTES);
            unchanged += usize::from(damage() == good);
        }
        assert!(unchanged < 200, "{unchanged} of 2000 rounds changed nothing");
    }
}
