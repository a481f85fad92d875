//! Rewrites the strings of a JSON text and leaves every other byte as it was: order, blanks, digits, unknown members.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Where a value is: the member or element at each level, from the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Member(String),
    Element(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A member's name.
    Name,
    /// A string.
    Text,
    /// A number, as it was written.
    Number,
}

/// Steps beyond are not told: nothing that is looked for by its path is that deep.
const MAX_STEPS: usize = 12;

/// Calls `visit` with every name, string (decoded) and number, and puts what it gives (JSON already) in its place.
/// `None` when the text is no JSON.
pub fn rewrite<'a>(
    json: &'a str,
    mut visit: impl FnMut(&[Step], Part, &str) -> Option<String>,
) -> Option<Cow<'a, str>> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut walk = Walk { json, path: Vec::new(), too_deep: 0 };
    let mut out = String::new();
    let mut copied = 0;
    let mut place = 0;
    while let Some(byte) = json.as_bytes().get(place) {
        let (part, end) = match byte {
            b'"' => {
                let end = string_end(json, place);
                (if walk.is_name(end) { Part::Name } else { Part::Text }, end)
            }
            b'-' | b'0'..=b'9' => (Part::Number, number_end(json, place)),
            other => {
                walk.structure(*other);
                place = place.saturating_add(1);
                continue;
            }
        };
        let token = json.get(place..end).unwrap_or_default();
        let text = if part == Part::Number { Cow::Borrowed(token) } else { decode(token) };
        if part == Part::Name {
            walk.name(&text);
        }
        if let Some(new) = visit(&walk.path, part, &text) {
            out.push_str(json.get(copied..place).unwrap_or_default());
            out.push_str(&new);
            copied = end;
        }
        place = end;
    }
    if copied == 0 {
        return Some(Cow::Borrowed(json));
    }
    out.push_str(json.get(copied..).unwrap_or_default());
    Some(Cow::Owned(out))
}

/// A string as JSON.
pub fn encode(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string as it stands inside a JSON string.
pub fn escape(text: &str) -> String {
    let json = encode(text);
    json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or_default().to_owned()
}

struct Walk<'a> {
    json: &'a str,
    path: Vec<Step>,
    too_deep: usize,
}

impl Walk<'_> {
    /// A string that a colon follows is a name: the JSON is known to be well-formed.
    fn is_name(&self, end: usize) -> bool {
        let rest = self.json.get(end..).unwrap_or_default();
        rest.bytes().find(|byte| !byte.is_ascii_whitespace()) == Some(b':')
    }

    fn name(&mut self, name: &str) {
        if let Some(Step::Member(member)) = self.path.last_mut().filter(|_| self.too_deep == 0) {
            name.clone_into(member);
        }
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' if self.path.len() >= MAX_STEPS => self.too_deep = self.too_deep.saturating_add(1),
            b'{' => self.path.push(Step::Member(String::new())),
            b'[' => self.path.push(Step::Element(0)),
            b'}' | b']' if self.too_deep > 0 => self.too_deep = self.too_deep.saturating_sub(1),
            b'}' | b']' => drop(self.path.pop()),
            b',' if self.too_deep == 0 => {
                if let Some(Step::Element(index)) = self.path.last_mut() {
                    *index = index.saturating_add(1);
                }
            }
            _ => {}
        }
    }
}

fn string_end(json: &str, start: usize) -> usize {
    let mut is_escaped = false;
    let rest = json.as_bytes().iter().enumerate().skip(start.saturating_add(1));
    for (place, byte) in rest {
        match byte {
            b'"' if !is_escaped => return place.saturating_add(1),
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    json.len()
}

fn number_end(json: &str, start: usize) -> usize {
    let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let rest = json.as_bytes().get(start..).unwrap_or_default();
    start.saturating_add(rest.iter().take_while(|byte| is_number(byte)).count())
}

/// The text of a JSON string. A lone surrogate becomes U+FFFD: serde refuses those, but an address must not slip
/// through beside one.
fn decode(token: &str) -> Cow<'_, str> {
    let inside = token.strip_prefix('"').and_then(|token| token.strip_suffix('"')).unwrap_or(token);
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    if let Ok(text) = serde_json::from_str::<String>(token) {
        return Cow::Owned(text);
    }
    let mut units: Vec<u16> = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        let (unit, length) = match (c, rest.bytes().next()) {
            ('\\', Some(b'u')) => (rest.get(1..5).and_then(|hex| u16::from_str_radix(hex, 16).ok()), 5),
            ('\\', Some(b'n')) => (Some(10), 1),
            ('\\', Some(b't')) => (Some(9), 1),
            ('\\', Some(b'r')) => (Some(13), 1),
            ('\\', Some(b'b')) => (Some(8), 1),
            ('\\', Some(b'f')) => (Some(12), 1),
            ('\\', Some(other)) => (Some(u16::from(other)), 1),
            _ => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                continue;
            }
        };
        units.extend(unit);
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shout(_: &[Step], part: Part, text: &str) -> Option<String> {
        (part == Part::Text && text.contains('a')).then(|| encode(&text.to_uppercase()))
    }

    #[test]
    fn all_but_the_strings_stays_as_it_was() {
        let rows = [
            (
                r#" { "a" : "a" , "n":1.50e+3,"b":[ "xa",null,{"a":"b"} ] } "#,
                Some(r#" { "a" : "A" , "n":1.50e+3,"b":[ "XA",null,{"a":"b"} ] } "#),
            ),
            (r#"{"k":"\u0061\"\\","k":"a"}"#, Some(r#"{"k":"A\"\\","k":"A"}"#)),
            (r#"{"k":"a\ud800b\n\ud83d\ude00é"}"#, Some("{\"k\":\"A\u{FFFD}B\\n\u{1F600}É\"}")),
            (r#""a""#, Some(r#""A""#)),
            ("{}", Some("{}")),
            (r#"{"a":"b\ud800"}"#, Some(r#"{"a":"b\ud800"}"#)),
            ("", None),
            ("{", None),
            (r#"{"a":"a"} x"#, None),
        ];
        for (json, expected) in rows {
            assert_eq!(rewrite(json, shout).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn paths_are_told() {
        let mut seen = Vec::new();
        let json = r#"{"a":[{"b":"x"},["y"]],"c":{"d":-1}}"#;
        let _ = rewrite(json, |path, part, text| {
            let steps: Vec<String> = path
                .iter()
                .map(|step| match step {
                    Step::Member(name) => name.clone(),
                    Step::Element(index) => index.to_string(),
                })
                .collect();
            if part != Part::Name {
                seen.push(format!("{}={text}", steps.join(".")));
            }
            None
        });
        assert_eq!(seen, ["a.0.b=x", "a.1.0=y", "c.d=-1"]);
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}\"a\"{}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(rewrite(&deep, shout).map(|json| json.contains("\"A\"")), Some(true));
    }
}
