//! Changes JSON so that it stays JSON: a member goes, comes, moves, has another value, or is there twice.

use serde_json::{Map, Value, json};

use crate::damage::MARK;
use crate::rng::Rng;

/// `None` where `bytes` are no JSON object or list.
pub fn changed(rng: &mut Rng, bytes: &[u8], others: &[&[u8]]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    if rng.one_in(12) {
        return twice(rng, &value);
    }
    if rng.one_in(2) {
        bend_a_leaf(rng, &mut value)?;
        return serde_json::to_vec(&value).ok();
    }
    let other = rng.pick(others).and_then(|other| serde_json::from_slice(other).ok()).unwrap_or(Value::Null);
    let place = somewhere(rng, &mut value)?;
    let new = if rng.one_in(4) { any_part(rng, &other) } else { odd(rng) };
    match place {
        Value::Object(members) => in_object(rng, members, new),
        Value::Array(items) => in_list(rng, items, new),
        _ => return None,
    }
    serde_json::to_vec(&value).ok()
}

/// Changes one text or number: all of them are as likely, however deep they are.
fn bend_a_leaf(rng: &mut Rng, value: &mut Value) -> Option<()> {
    let mut leaves = Vec::new();
    collect(value, &mut leaves);
    let which = rng.below(leaves.len());
    let leaf = leaves.into_iter().nth(which)?;
    *leaf = if rng.one_in(3) { odd(rng) } else { bent(rng, leaf.take()) };
    Some(())
}

fn collect<'v>(value: &'v mut Value, leaves: &mut Vec<&'v mut Value>) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|child| collect(child, leaves)),
        Value::Array(items) => items.iter_mut().for_each(|child| collect(child, leaves)),
        leaf => leaves.push(leaf),
    }
}

/// An object or a list, at whatever depth.
fn somewhere<'v>(rng: &mut Rng, value: &'v mut Value) -> Option<&'v mut Value> {
    let children = match value {
        Value::Object(members) => members.values().filter(|child| is_place(child)).count(),
        Value::Array(items) => items.iter().filter(|child| is_place(child)).count(),
        _ => return None,
    };
    if children == 0 || rng.one_in(3) {
        return Some(value);
    }
    let which = rng.below(children);
    let child = match value {
        Value::Object(members) => members.values_mut().filter(|child| is_place(child)).nth(which),
        Value::Array(items) => items.iter_mut().filter(|child| is_place(child)).nth(which),
        _ => None,
    };
    somewhere(rng, child?)
}

fn is_place(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn in_object(rng: &mut Rng, members: &mut Map<String, Value>, new: Value) {
    let which = rng.below(members.len());
    let name = members.keys().nth(which).cloned().unwrap_or_default();
    match rng.below(6) {
        0 => drop(members.remove(&name)),
        1 => {
            // The same value under a name that is nearly the same.
            let value = members.remove(&name).unwrap_or_default();
            let renamed = if rng.one_in(2) { name.to_uppercase() } else { format!("{name}_") };
            members.insert(renamed, value);
        }
        2 => drop(members.insert("additional".to_owned(), new)),
        3 | 4 => {
            let value = members.get(&name).cloned().unwrap_or_default();
            members.insert(name, bent(rng, value));
        }
        _ => drop(members.insert(name, new)),
    }
}

fn in_list(rng: &mut Rng, items: &mut Vec<Value>, new: Value) {
    let at = rng.below(items.len() + 1);
    match rng.below(4) {
        0 if at < items.len() => drop(items.remove(at)),
        1 => {
            let again = items.get(at).cloned().unwrap_or_default();
            items.extend(std::iter::repeat_n(again, rng.few()));
        }
        _ => items.insert(at, new),
    }
}

/// The same value, of another kind or a little different.
fn bent(rng: &mut Rng, value: Value) -> Value {
    match (rng.below(5), value) {
        (0, value) => json!([value]),
        (1, Value::String(text)) => json!(text.parse::<i64>().unwrap_or_default()),
        (2 | 3, Value::String(text)) => json!(with_odd_characters(rng, &text)),
        (1, value) => json!(value.to_string()),
        (_, Value::Number(number)) => json!(number.as_i64().map(|number| number.wrapping_neg().wrapping_sub(1))),
        (_, Value::String(text)) => json!(text.chars().rev().collect::<String>()),
        (_, value) => json!({ "value": value }),
    }
}

/// Where characters are longer than a byte, who counts bytes cuts them in two.
fn with_odd_characters(rng: &mut Rng, text: &str) -> String {
    let characters = ["é", "\u{1F600}", "\u{202e}", "\u{0}", "\\", "\"", "x", " "];
    let at = rng.below(text.chars().count() + 1);
    let odd = rng.pick(&characters).map(|character| character.repeat(rng.few())).unwrap_or_default();
    text.chars().take(at).chain(odd.chars()).chain(text.chars().skip(at)).collect()
}

/// Any value within `value`, or the whole.
fn any_part(rng: &mut Rng, value: &Value) -> Value {
    let children: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    match rng.pick(&children) {
        Some(child) if !rng.one_in(3) => any_part(rng, child),
        _ => value.clone(),
    }
}

/// A value that is not what was expected.
fn odd(rng: &mut Rng) -> Value {
    match rng.below(22) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(0),
        4 => json!(-1),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e308),
        8 => json!(0.5),
        9 => json!(rng.draw()),
        10 => json!(""),
        11 => json!("x".repeat(rng.few() * 30)),
        12 => json!("\u{0}\u{1b}[2J"),
        13 => json!("../../x?y#z"),
        14 => json!("javascript:alert(1)"),
        15 => json!("https://user@127.0.0.1:99999/\\"),
        16 => json!(MARK),
        17 => json!(format!("{}{}", "x".repeat(rng.below(4)), "\u{1F600}".repeat(rng.few()))),
        18 => json!([]),
        19 => json!({}),
        20 => json!([[[[[[[[1]]]]]]]]),
        _ => json!({"id": "x", "status": "done", "url": "https://files.example/a.mp4"}),
    }
}

/// The object with one member there twice, which no value can hold: two parsers may see two different things.
fn twice(rng: &mut Rng, value: &Value) -> Option<Vec<u8>> {
    let members = value.as_object()?;
    let which = rng.below(members.len());
    let (name, value_there) = members.iter().nth(which)?;
    let another = if rng.one_in(2) { value_there.clone() } else { odd(rng) };
    let text = value.to_string();
    let inside = text.strip_prefix('{')?;
    Some(format!("{{{}:{another},{inside}", json!(name)).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_json_and_reaches_every_depth() {
        let good = br#"{"a": {"b": [{"c": "deep"}]}, "d": 1}"#;
        let (mut deep, mut twins) = (0, 0);
        for round in 0..5_000 {
            let bytes = changed(&mut Rng::of(7, "json", round), good, &[good]).expect("it was JSON");
            let value: Value = serde_json::from_slice(&bytes).expect("it still is");
            deep += usize::from(value.pointer("/a/b/0/c") != Some(&json!("deep")));
            twins += usize::from(String::from_utf8_lossy(&bytes).matches("\"d\":").count() > 1);
        }
        assert!(deep > 500 && twins > 20, "{deep} {twins}");
        assert_eq!(changed(&mut Rng::of(7, "json", 0), b"no JSON", &[]), None);
    }
}
