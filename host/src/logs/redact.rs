//! The last safety net: what looks like one of our credentials isn't printed, whoever prints it.
//!
//! Components say of themselves what they mean to say, and no secret is among it. This is for the day when one does.

use std::borrow::Cow;

/// How our credentials begin.
const PREFIXES: [&str; 4] = ["tg_sk_", "tg_pk_", "tg_admin_", "tgs_"];
/// What comes before one in a header.
const SCHEME: &str = "bearer ";
const MASK: &str = "[redacted]";

/// The line with its credentials masked; how they begin stays, so that it can be seen what was there.
pub fn redacted(line: &str) -> Cow<'_, str> {
    let Some((mut at, mut masked)) = next(line) else { return Cow::Borrowed(line) };
    let (mut rest, mut clean) = (line, String::with_capacity(line.len()));
    loop {
        clean.push_str(&rest[..at]);
        clean.push_str(MASK);
        rest = &rest[at + masked..];
        match next(rest) {
            Some(found) => (at, masked) = found,
            None => break,
        }
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// Where the next thing to be masked is, and how long it is.
fn next(line: &str) -> Option<(usize, usize)> {
    let bytes = line.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let here = &bytes[at..];
        let prefix = match here.first()? {
            b't' => PREFIXES.iter().find(|prefix| here.starts_with(prefix.as_bytes()))?.len(),
            b'b' | b'B'
                if here.get(..SCHEME.len()).is_some_and(|here| here.eq_ignore_ascii_case(SCHEME.as_bytes())) =>
            {
                SCHEME.len() + here[SCHEME.len()..].iter().take_while(|byte| **byte == b' ').count()
            }
            _ => return None,
        };
        let length = here[prefix..].iter().take_while(|byte| is_part(**byte)).count();
        (length > 0).then_some((at + prefix, length))
    })
}

/// Of a key, a token, or whatever else may stand behind `Bearer`.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_credentials_are_masked_and_nothing_else() {
        let check = |line: &str, expected: &str| assert_eq!(redacted(line), expected, "{line}");
        check("", "");
        check("nothing to hide", "nothing to hide");
        check("key tg_sk_0aZ-_9 of demo", "key tg_sk_[redacted] of demo");
        check("tg_pk_1,tgs_ses_1.abc;tg_admin_x", "tg_pk_[redacted],tgs_[redacted];tg_admin_[redacted]");
        check("Authorization: Bearer sk-proj-1/2+3=", "Authorization: Bearer [redacted]");
        check("authorization: bearer   eyJhbGciOiJI.e30.c2ln\"", "authorization: bearer   [redacted]\"");
        check(r#"{"a":"Bearer tg_sk_1","b":"tgs_x"}"#, r#"{"a":"Bearer [redacted]","b":"tgs_[redacted]"}"#);
        check("tgs_ and tg_sk_ and Bearer ", "tgs_ and tg_sk_ and Bearer [redacted]".trim_end_matches("[redacted]"));
        check("ein Schlüssel: tgs_ä, Bearer ü", "ein Schlüssel: tgs_ä, Bearer ü");
        check("xtgs_1", "xtgs_[redacted]");
        check("the bearer of news", "the bearer [redacted] news");
    }
}
