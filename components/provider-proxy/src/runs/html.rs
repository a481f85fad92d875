//! HTML that can't be broken out of: text is escaped, and an address becomes a link only if it is one of the web's.

/// Text between tags, or inside a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Controls, and what turns the direction of writing: nobody shall approve what reads as something else.
            '\n' | '\t' => out.push(letter),
            _ if letter.is_control() || is_turning(letter) => out.push('\u{FFFD}'),
            _ => out.push(letter),
        }
    }
    out
}

fn is_turning(letter: char) -> bool {
    matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Text, and a link where the whole of it is an `http` or `https` address. Where it leads learns nothing of this page.
pub fn text_or_link(text: &str) -> String {
    let escaped = escape(text);
    if is_web_address(text) {
        format!("<a href=\"{escaped}\" rel=\"noreferrer noopener nofollow\" target=\"_blank\">{escaped}</a>")
    } else {
        escaped
    }
}

fn is_web_address(text: &str) -> bool {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    // No name before the host: `https://bank.example@evil.example/` reads as the bank's.
    !authority.is_empty() && !authority.contains('@') && text.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        let check = |text: &str, html: &str| assert_eq!(escape(text), html);
        check("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        check("\" onmouseover=\"x", "&quot; onmouseover=&quot;x");
        check("a & b &amp; c", "a &amp; b &amp;amp; c");
        check("ok\u{202E}txt.exe\0", "ok\u{FFFD}txt.exe\u{FFFD}");
        check("é 漢\n\t", "é 漢\n\t");
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        let check = |text: &str, link: bool| assert_eq!(text_or_link(text).starts_with("<a "), link, "{text:?}");
        check("https://files.example/a.mp4?x=1&y=2", true);
        check("http://127.0.0.1:8080/a.mp4", true);
        for bad in [
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,x",
            "//evil.example/",
            " https://a.example",
            "https://a.example b",
            "https://a.example\n",
            "https://",
            "https:///path",
            "https://bank.example@evil.example/",
            "https://a.example\\@evil.example/",
            "HTTPS://a.example/",
            "see https://a.example/",
        ] {
            check(bad, false);
        }
        let link = text_or_link("https://a.example/\"><script>");
        assert!(!link.contains("<script") && link.contains("&quot;&gt;"), "{link}");
    }
}
