//! A topic of context as it stands in a path: percent-encoded (RFC 3986), and of bounded length.

use shell::Problem;

/// The longest a topic may be, in characters.
const MAX: usize = 200;

/// The topic that was meant. A plus is a plus: this is no form.
pub fn decoded(written: &str) -> Result<String, Problem> {
    let wrong = |expected: String| Problem::invalid("topic", expected);
    let topic = bytes(written).and_then(|bytes| String::from_utf8(bytes).ok());
    let topic = topic.ok_or_else(|| wrong("must be UTF-8, percent-encoded".into()))?;
    if (1..=MAX).contains(&topic.chars().count()) {
        return Ok(topic);
    }
    Err(wrong(format!("must be 1 to {MAX} characters")))
}

fn bytes(written: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(written.len());
    let mut parts = written.split('%');
    out.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        // `from_str_radix` would take a sign as well.
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        out.push(u8::from_str_radix(digits, 16).ok().filter(|_| hex)?);
        out.extend_from_slice(rest.as_bytes());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn topics_are_read_as_they_were_meant() {
        let check = |written: &str, expected: Option<&str>| {
            assert_eq!(decoded(written).ok().as_deref(), expected, "{written}");
        };
        check("match/sr:sport_event:1", Some("match/sr:sport_event:1"));
        check("match/sr%3Asport_event%3a1", Some("match/sr:sport_event:1"));
        check("search/caf%C3%A9%20a+b", Some("search/café a+b"));
        check("search/100%25", Some("search/100%"));
        check("a%2Fb", Some("a/b"));
        for wrong in ["", "%", "%4", "%+4", "%zz", "%ff", "a%e"] {
            check(wrong, None);
        }
        check(&"%C3%BC".repeat(200), Some(&"ü".repeat(200)));
        check(&"a".repeat(201), None);
    }
}
