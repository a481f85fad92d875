//! A JSON object that keeps every value as it was written, and refuses a name that appears twice.
//!
//! Why not a parsed map: a request passes through the gate almost unchanged, so values keep their digits and order; and
//! two parsers may disagree on which of two equal names counts, which would let a caller show the gate one value and
//! the vendor another.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// An object's members in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// Reads an object.
    ///
    /// # Errors
    /// Not JSON, not an object, or a name that appears twice.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        // As a whole, which is quicker than each text in it by itself.
        serde_json::from_str(core::str::from_utf8(json).map_err(serde_json::Error::custom)?)
    }

    /// The value of `name` as it was written; `None` when absent or `null`.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(member, _)| member == name)?;
        (value.get() != "null").then(|| value.get())
    }

    /// The value of `name` as a `T`; `None` when absent, `null` or something else.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// Puts a value in place of the old one, or at the end. A value that can't be written as JSON leaves it unchanged.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        let Ok(value) = serde_json::value::to_raw_value(value) else {
            return;
        };
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(member, _)| member != name);
    }

    /// The members' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The object as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            // Quadratic, but the objects which callers write have few members and `MAX_MEMBERS` bounds the rest.
            if fields.0.iter().any(|(member, _)| *member == name) {
                return Err(A::Error::custom("a name appears twice"));
            }
            if fields.0.len() >= MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            fields.0.push((name, value));
        }
        Ok(fields)
    }
}

/// More members than any vendor's request or answer has.
const MAX_MEMBERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_keep_order_and_digits_and_have_no_twins() {
        let rows: [(&str, Option<&str>); 7] = [
            (r#"{"b":1.50,"a":{"z":1,"y":2}}"#, Some(r#"{"b":1.50,"a":{"z":1,"y":2}}"#)),
            (r#" { "a" : [ 1 , 2 ] } "#, Some(r#"{"a":[ 1 , 2 ]}"#)),
            (r#"{"n":1,"n":8}"#, None),
            (r#"{"n":1,"\u006e":8}"#, None),
            ("[]", None),
            ("{\"a\":1}x", None),
            ("{\"a\":\"\\ud800\"", None),
        ];
        for (json, expected) in rows {
            let written = Fields::parse(json.as_bytes()).ok().map(|fields| fields.to_json());
            assert_eq!(written.as_deref(), expected.map(str::as_bytes), "{json}");
        }
    }

    #[test]
    fn null_counts_as_absent() {
        let mut fields = Fields::parse(br#"{"a":null,"b":"x","c":3}"#).unwrap_or_default();
        assert_eq!(fields.raw("a"), None);
        assert_eq!(fields.get::<String>("b").as_deref(), Some("x"));
        assert_eq!(fields.get::<String>("c"), None);
        fields.set("a", &true);
        fields.remove("b");
        assert_eq!(fields.to_json(), br#"{"a":true,"c":3}"#);
    }
}
