//! Bytes as lower-case hex, and back.

pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

/// As many bytes as there are whole pairs of digits.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(16)).collect();
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    };
    digits.chunks(2).map_while(pair).collect()
}
