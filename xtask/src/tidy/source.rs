//! Reads Rust source the way the rules need it: without comments, texts and test modules, line by line.

/// The code of a file: comments and text literals are blanked, line ends stay.
pub fn code(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let (kept, hidden) = token(rest, is_word(previous));
        out.push_str(&rest[..kept]);
        out.extend(rest[kept..kept + hidden].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        previous = first;
        rest = &rest[kept + hidden..];
    }
    out
}

/// The code before the test module that closes a file.
pub fn shipped_code(source: &str) -> String {
    let code = code(source);
    let end = code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let after = code[*at..].trim_start_matches("#[cfg(test)]").trim_start();
        // Other attributes may stand in between; `mod tests;` is another file.
        let item = after.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#["));
        item.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
    });
    code[..end.unwrap_or(code.len())].to_owned()
}

/// The lines (from 1) on which `name` stands as a whole word or path.
pub fn lines_with(code: &str, name: &str) -> Vec<usize> {
    code.lines().enumerate().filter(|(_, line)| has_word(line, name)).map(|(index, _)| index + 1).collect()
}

fn has_word(line: &str, name: &str) -> bool {
    let starts = name.chars().next().is_some_and(is_word);
    let ends = name.chars().next_back().is_some_and(is_word);
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word);
        let after = line[at + name.len()..].chars().next().is_some_and(is_word);
        !(starts && before || ends && after)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How many bytes at the start of `rest` are code to keep, and how many after them are to be hidden.
fn token(rest: &str, in_word: bool) -> (usize, usize) {
    let bytes = rest.as_bytes();
    let width = rest.chars().next().map_or(0, char::len_utf8);
    match bytes[0] {
        b'/' if rest.starts_with("//") => (0, rest.find('\n').unwrap_or(rest.len())),
        b'/' if rest.starts_with("/*") => (0, block_comment(rest)),
        b'"' => (0, quoted(rest, 1, b'"')),
        b'r' | b'b' | b'c' if !in_word => match raw_text(rest) {
            0 => (width, 0),
            hidden => (0, hidden),
        },
        // `'a'` is a character, `'a` a lifetime.
        b'\'' if bytes.get(1) == Some(&b'\\') => (0, quoted(rest, 1, b'\'')),
        b'\'' => match rest[1..].chars().next().map(|c| 1 + c.len_utf8()) {
            Some(end) if bytes.get(end) == Some(&b'\'') => (0, end + 1),
            _ => (width, 0),
        },
        _ => (width, 0),
    }
}

/// Length of a quoted text from its first byte; `at` is where its content begins.
fn quoted(rest: &str, mut at: usize, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let mut end = (at + 1).min(bytes.len());
    while !rest.is_char_boundary(end) {
        end += 1;
    }
    end
}

/// Length of `r"..."`, `br#"..."#` and the like, or 0 when it is none.
fn raw_text(rest: &str) -> usize {
    let Some(after_r) = rest.find('r').filter(|at| *at <= 1).map(|at| at + 1) else { return 0 };
    let hashes = rest[after_r..].bytes().take_while(|byte| *byte == b'#').count();
    let content = after_r + hashes + 1;
    if rest.as_bytes().get(content - 1) != Some(&b'"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[content..].find(&close).map_or(rest.len(), |at| content + at + close.len())
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_hidden() {
        let check = |source: &str, expected: &str| {
            let code = code(source);
            assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{source}");
            assert_eq!(code.lines().count(), source.lines().count(), "{source}");
        };
        check("let a = 1; // f64\nlet b;", "let a = 1; let b;");
        check("/// f64\n//! f64\nfn f() {}", "fn f() {}");
        check("a /* f64 /* nested */ \n f64 */ b", "a b");
        check(r#"call("f64 \" // no", x)"#, "call( , x)");
        check("r#\"f64 \"quoted\" \"# ; br\"x\"; c", "; ; c");
        check(
            r"let c = '\''; let d = '{'; 'outer: loop { break 'outer }",
            "let c = ; let d = ; 'outer: loop { break 'outer }",
        );
        check("var\"f64\" \"ü f64\" é\nend", "var é end");
        check("\"unclosed \\", "");
    }

    #[test]
    fn tests_at_the_end_are_not_shipped() {
        let check =
            |source: &str, expected: bool| assert_eq!(shipped_code(source).contains("f64"), expected, "{source}");
        check("fn a() {}\n#[cfg(test)]\nmod tests {\n f64\n}", false);
        check("#[cfg(test)]\n#[allow(x)]\nmod tests {\n f64\n}", false);
        check("#[cfg(test)]\nmod tests;\nfn f(x: f64) {}", true);
        check("#[cfg(test)]\nuse a::{b};\nfn f(x: f64) {}", true);
        check("fn f(x: f64) {}\n#[cfg(test)]\nmod tests {}", true);
    }

    #[test]
    fn words_are_whole() {
        let check = |line: &str, name: &str, expected: bool| {
            assert_eq!(!lines_with(line, name).is_empty(), expected, "{name} in {line}")
        };
        check("x as f64", "f64", true);
        check("value.as_f64()", "f64", false);
        check("use rand::Rng;", "rand::", true);
        check("operand::new()", "rand::", false);
        check("todo!()", "todo!", true);
        check("my_todo!()", "todo!", false);
        assert_eq!(lines_with("a\nf64\nb\nf64", "f64"), [2, 4]);
    }
}
