//! Pointers in a step's input: what they are, and which of them can lead anywhere.

use serde_json::Value as Json;

/// The one field of an object that is a pointer.
const FROM: &str = "$from";

/// A pointer, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    pub root: Root,
    /// What is left of the pointer behind it.
    pub rest: &'a str,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `/input`
    Input,
    /// `/item`
    Item,
    /// `/steps/{id}`
    Step(String),
}

impl<'a> Reference<'a> {
    /// The pointer that an object stands for.
    pub fn pointer(value: &Json) -> Option<&str> {
        let fields = value.as_object().filter(|fields| fields.len() == 1)?;
        fields.get(FROM)?.as_str()
    }

    /// `None` for what isn't a pointer, or points elsewhere.
    pub fn parse(pointer: &'a str) -> Option<Self> {
        if !is_pointer(pointer) {
            return None;
        }
        let (first, rest) = split(pointer)?;
        match first.as_str() {
            "input" => Some(Self { root: Root::Input, rest }),
            "item" => Some(Self { root: Root::Item, rest }),
            "steps" => {
                let (id, rest) = split(rest)?;
                Some(Self { root: Root::Step(id), rest })
            }
            _ => None,
        }
    }
}

/// The first token, unescaped, and what is behind it.
fn split(pointer: &str) -> Option<(String, &str)> {
    let inner = pointer.strip_prefix('/')?;
    let end = inner.find('/').unwrap_or(inner.len());
    let (token, rest) = inner.split_at_checked(end)?;
    Some((token.replace("~1", "/").replace("~0", "~"), rest))
}

/// RFC 6901, 3: begins with a slash, and a tilde only before 0 or 1.
fn is_pointer(text: &str) -> bool {
    let escapes_are_good = text.split('~').skip(1).all(|behind| behind.starts_with('0') || behind.starts_with('1'));
    text.starts_with('/') && escapes_are_good
}

/// Every pointer in a value, or what is wrong with one.
pub(crate) fn pointers<'a>(value: &'a Json, found: &mut Vec<&'a str>) -> Result<(), String> {
    match value {
        Json::Array(values) => values.iter().try_for_each(|value| pointers(value, found)),
        Json::Object(fields) => {
            if !fields.contains_key(FROM) {
                return fields.values().try_for_each(|value| pointers(value, found));
            }
            let pointer = Reference::pointer(value).ok_or("must have $from as text, and nothing besides")?;
            found.push(pointer);
            Ok(())
        }
        _ => Ok(()),
    }
}
