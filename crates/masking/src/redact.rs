//! Takes personal data out of a line for the log. Nothing can be restored from it.

use crate::find::{find, replace};
use crate::kind::Kinds;

/// The text with `[email]`, `[phone]`, `[card]` and `[national_id]` in place of what is found.
pub fn redact_text(text: &str, kinds: Kinds) -> String {
    replace(text, &find(text, kinds), |kind, _| format!("[{kind}]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn lines_are_redacted_by_kind() {
        let line = "bob@example.com paid with 4111 1111 1111 1111, SSN 078-05-1120, tel. 030 1234567";
        let rows = [
            (Kinds::ALL, "[email] paid with [card], SSN [national_id], tel. [phone]".to_owned()),
            (Kinds::NONE, line.to_owned()),
            (Kinds::NONE.with(Kind::Email), line.replace("bob@example.com", "[email]")),
            (Kinds::NONE.with(Kind::Card), line.replace("4111 1111 1111 1111", "[card]")),
        ];
        for (kinds, expected) in rows {
            assert_eq!(redact_text(line, kinds), expected);
        }
    }
}
