//! What tells a visitor of a public stream that this is an AI (the tenant's `disclosure`).

use shell::Reply;

/// The header that says so beside an answer.
pub const HEADER: &str = "x-ai-disclosure";

/// The answer with the label. A header takes ASCII only: other characters are percent-encoded as UTF-8 (RFC 3986).
pub fn on(reply: Reply, label: &str) -> Reply {
    reply.with(HEADER, &ascii(label))
}

fn ascii(label: &str) -> String {
    label.bytes().fold(String::new(), |text, byte| match byte {
        b' '..=b'~' if byte != b'%' => text + char::from(byte).encode_utf8(&mut [0; 4]),
        _ => format!("{text}%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn a_label_is_ascii_and_comes_back() {
        let check = |label: &str, expected: &str| assert_eq!(ascii(label), expected);
        check("AI Host", "AI Host");
        check("KI-Gästgeber 100%", "KI-G%C3%A4stgeber 100%25");
        check("a\r\nb", "a%0D%0Ab");
    }
}
