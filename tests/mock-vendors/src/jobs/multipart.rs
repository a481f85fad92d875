//! Forms with files (RFC 7578), as an object of their fields.

use serde_json::{Map, Value, json};

/// Texts as they are, files as `{"file": name, "bytes": n}`; a field that comes again makes a list. `None` if it is no
/// such form.
pub fn read(content_type: &str, body: &[u8]) -> Option<Value> {
    let boundary =
        content_type.strip_prefix("multipart/form-data;")?.trim().strip_prefix("boundary=")?.trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter stands at the very beginning, without a line before it.
    let whole = [b"\r\n".as_slice(), body].concat();
    let mut parts = split(&whole, delimiter.as_bytes()).into_iter();
    if !parts.next()?.is_empty() {
        return None;
    }
    let mut fields = Map::new();
    for part in parts {
        if part.starts_with(b"--") {
            return Some(Value::Object(fields));
        }
        let (head, content) = split_once(part.strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
        let head = std::str::from_utf8(head).ok()?;
        let parameter =
            |name: &str| head.split_once(&format!("; {name}=\"")).and_then(|(_, rest)| rest.split('"').next());
        let value = match parameter("filename") {
            Some(file) => json!({"file": file, "bytes": content.len()}),
            None => json!(std::str::from_utf8(content).ok()?),
        };
        let name = parameter("name")?.to_owned();
        match fields.get_mut(&name) {
            None => drop(fields.insert(name, value)),
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    // The last delimiter never came.
    None
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some((part, after)) = split_once(rest, by) {
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn split_once<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let part = |name: &str, text: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let file = "--b\r\nContent-Disposition: form-data; name=\"video\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n12\r\n\r\n3\r\n";
        let rows = [
            (part("a", "1") + "--b--\r\n", Some(json!({"a": "1"}))),
            (part("p[]", "x") + &part("p[]", "y") + &part("p[]", "z") + "--b--", Some(json!({"p[]": ["x", "y", "z"]}))),
            (part("e", "") + file + "--b--\r\n", Some(json!({"e": "", "video": {"file": "a.mp4", "bytes": 7}}))),
            (part("never", "closed"), None),
            ("{}".to_owned(), None),
        ];
        for (body, expected) in rows {
            assert_eq!(read("multipart/form-data; boundary=b", body.as_bytes()), expected, "{body}");
        }
        assert_eq!(read("application/json", b"{}"), None);
    }
}
