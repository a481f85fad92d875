//! Makes a stranger's text plain: no markup, nothing invisible, one line, and not longer than it need be.

use adapter::prelude::*;

/// The text without markup, control and invisible characters, cut to `max` characters; `None` if nothing is left.
///
/// No angle bracket survives, whatever was nested or left open, so the result can't be read as HTML. Entities stay as
/// they are written: to decode them could bring markup back.
pub fn plain(text: &str, max: usize) -> Option<String> {
    let visible = without_markup(text);
    let mut words = String::new();
    for word in visible.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.chars().count() > max {
        words = words.chars().take(max.saturating_sub(1)).collect();
        words.push('…');
    }
    (!words.is_empty()).then_some(words)
}

/// A tag becomes a space. It begins where a browser would see one begin, and one that never ends takes the rest along.
fn without_markup(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => {
                if rest.peek().is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
                    rest.by_ref().find(|c| *c == '>');
                }
                out.push(' ');
            }
            '>' => out.push(' '),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Characters that a reader doesn't see and a model does: zero-width ones, direction marks, tags, variation selectors
/// of the supplement, and the byte order mark.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_texts() {
        let rows = [
            ("  Rates \n rise\t again ", Some("Rates rise again")),
            ("<p>One</p><p>Two</p>", Some("One Two")),
            ("a<br>b", Some("a b")),
            ("<scr<b>ipt>alert(1)</scr</b>ipt>", Some("ipt alert(1) ipt")),
            ("<script>x", Some("x")),
            ("never closed <img src=x onerror=y", Some("never closed")),
            ("5 < 6 > 4", Some("5 6 4")),
            ("<!-- hidden -->seen", Some("seen")),
            ("AT&amp;T &lt;b&gt;", Some("AT&amp;T &lt;b&gt;")),
            ("a\u{200B}b\u{202E}c\u{E0041}\u{7}d", Some("abcd")),
            ("0123456789abc", Some("012345678…")),
            ("ééééééééééé", Some("ééééééééé…")),
            ("<b></b>", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let max = if text.starts_with(['0', 'é']) { 10 } else { 100 };
            let read = plain(text, max);
            assert_eq!(read.as_deref(), expected, "{text:?}");
            assert!(!read.unwrap_or_default().contains(['<', '>']), "{text:?}");
        }
    }
}
