//! Takes out of a text for the logs what looks like a secret, and what follows the `?` of an address.
//!
//! The second fence: who logs says what it means to say, and no error that we know of repeats a key. It errs on the side of
//! taking out too much.

const REDACTED: &str = "[redacted]";

/// How credentials of ours, of vendors and of the log begin.
const PREFIXES: [&str; 12] =
    ["tg_sk_", "tg_pk_", "tgs_", "sk-", "sk_", "pk_", "whsec_", "whpk_", "whsec-", "Bearer", "PRIVATE", "eyJ"];
/// A word of so many letters and digits without a prefix of ours is a key rather than a word. Ids have a prefix and a ULID.
const LONG: usize = 32;

/// The text as it may be logged.
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_bearer = false;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let (word, more) = rest.split_at(end);
        out.push_str(if is_secret(word) || (after_bearer && !word.is_empty()) { REDACTED } else { word });
        after_bearer = (after_bearer && word.is_empty()) || word.eq_ignore_ascii_case("bearer");
        let Some(mark) = more.chars().next() else { break };
        out.push(mark);
        rest = &more[mark.len_utf8()..];
        // The rest of an address.
        if mark == '?' && rest.starts_with(|c: char| !c.is_whitespace()) {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            out.push_str(REDACTED);
            rest = &rest[end..];
        }
    }
    out
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '=')
}

fn is_secret(word: &str) -> bool {
    let begins = |prefix: &&str| {
        word.len() > prefix.len() && word.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let longest = word.split(['.', '-', '_']).map(str::len).max().unwrap_or(0);
    PREFIXES.iter().any(begins) || longest >= LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_secrets_are_taken_out_and_the_rest_stays() {
        let check = |text: &str, expected: &str| assert_eq!(redacted(text), expected);
        for plain in [
            "",
            "settle lc_01KAJ0000000000000000000000: offline The store can't be reached.",
            "session ses_01KAJ0000000000000000000000 of tenant-7: 404 (not_found)",
            "what? nothing",
            "api.openai.com:443: connection refused",
        ] {
            check(plain, plain);
        }
        let hex = "0123456789abcdef".repeat(4);
        check(&format!("key tg_sk_{hex}."), "key [redacted]");
        check(&format!("a tgs_ses_1.{hex} b"), "a [redacted] b");
        check(&format!("\"{hex}\""), "\"[redacted]\"");
        check("authorization: Bearer abc, x", "authorization: Bearer [redacted], x");
        check("sk-proj-abc/sk_live_1", "[redacted]/[redacted]");
        check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx", "[redacted]");
        check("https://a.example/p?token=1&b=2 failed", "https://a.example/p?[redacted] failed");
        check("{\"url\":\"https://a.example/?k=v\"}", "{\"url\":\"https://a.example/?[redacted]\"}");
        check("é?ü ß", "é?[redacted] ß");
    }
}
