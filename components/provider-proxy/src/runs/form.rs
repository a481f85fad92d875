//! The decision as a browser's form or a program's JSON brings it.

use serde::Deserialize;
use shell::{Call, Problem};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub decision: Word,
    /// May be empty.
    #[serde(default)]
    pub comment: String,
}

/// The two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Approve,
    Reject,
}

/// Reads it.
pub fn read(call: &Call) -> Result<Form, Problem> {
    let media_type = call.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") { form(&call.body) } else { call.json() }
}

/// Each field at most once, nothing else, UTF-8.
fn form(body: &[u8]) -> Result<Form, Problem> {
    let (mut decision, mut comment) = (None, None);
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        let name = decode(name).unwrap_or_default();
        let field = match name.as_str() {
            "decision" => &mut decision,
            "comment" => &mut comment,
            _ => return Err(Problem::invalid("body", "has a field that is not known")),
        };
        let value = decode(value).ok_or_else(|| Problem::invalid(&name, "is not UTF-8"))?;
        if field.replace(value).is_some() {
            return Err(Problem::invalid(&name, "is there twice"));
        }
    }
    let decision = match decision.as_deref() {
        Some("approve") => Word::Approve,
        Some("reject") => Word::Reject,
        _ => return Err(Problem::invalid("decision", "must be approve or reject")),
    };
    Ok(Form { decision, comment: comment.unwrap_or_default().trim().replace("\r\n", "\n") })
}

/// A percent escape that is none stands for itself.
fn decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        rest = more;
        let byte = match (first, more) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (other, _) => *other,
        };
        out.push(byte);
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let check = |body: &str, decision: Word, comment: &str| {
            let read = form(body.as_bytes()).unwrap_or_else(|problem| panic!("{body}: {}", problem.message));
            assert_eq!(read, Form { decision, comment: comment.into() });
        };
        check("decision=approve", Word::Approve, "");
        check("comment=&decision=reject", Word::Reject, "");
        check("decision=approve&comment=Sch%C3%B6n%2C+100%25+gut%0D%0AJa", Word::Approve, "Schön, 100% gut\nJa");
        check("comment=a=b%3&decision=approve&", Word::Approve, "a=b%3");
    }

    #[test]
    fn what_is_no_decision_is_refused() {
        let check = |body: &[u8], param: &str| {
            let problem = form(body).expect_err("no decision");
            assert_eq!(problem.param.as_deref(), Some(param), "{}", String::from_utf8_lossy(body));
        };
        check(b"", "decision");
        check(b"comment=x", "decision");
        check(b"decision=", "decision");
        check(b"decision=Approve", "decision");
        check(b"decision=approve&decision=reject", "decision");
        check(b"decision=approve&comment=%FF", "comment");
        check(b"decision=approve&more=1", "body");
        check(b"\xff\xfe\x00", "body");
    }
}
