//! The rows of one model out of a vendor's whole list, without making anything of the others.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, SeqAccess, Visitor},
};

use crate::{Hours, PriceRow, price::the_beginning};

/// Reads a list of rows, and keeps those that may hold for this model: its own, and those of `*`.
#[derive(Debug, Clone, Copy)]
pub struct RowsOf<'m>(pub &'m str);

/// [`PriceRow`], as far as it can be borrowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Borrowed<'a> {
    #[serde(borrow)]
    vendor: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    unit_type: Cow<'a, str>,
    #[serde(borrow)]
    usd_per_unit: Cow<'a, str>,
    #[serde(borrow, default)]
    valid_from: Option<Cow<'a, str>>,
    #[serde(default)]
    from_input_tokens: u64,
    #[serde(default)]
    hours_utc: Option<Hours>,
}

impl Borrowed<'_> {
    fn owned(self) -> PriceRow {
        PriceRow {
            vendor: self.vendor.into_owned(),
            model: self.model.into_owned(),
            unit_type: self.unit_type.into_owned(),
            usd_per_unit: self.usd_per_unit.into_owned(),
            valid_from: self.valid_from.map_or_else(the_beginning, Cow::into_owned),
            from_input_tokens: self.from_input_tokens,
            hours_utc: self.hours_utc,
        }
    }
}

impl<'de> DeserializeSeed<'de> for RowsOf<'_> {
    type Value = Vec<PriceRow>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<PriceRow>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsOf<'_> {
    type Value = Vec<PriceRow>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of price rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<PriceRow>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element::<Borrowed<'de>>()? {
            if row.model == self.0 || row.model == "*" {
                rows.push(row.owned());
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn read(stored: &str, model: &str) -> Result<Vec<PriceRow>, serde_json::Error> {
        RowsOf(model).deserialize(&mut serde_json::Deserializer::from_str(stored))
    }

    #[test]
    fn the_rows_of_a_model_and_of_all_are_what_they_are_in_the_whole_list() {
        let stored = r#"[
            {"vendor":"v","model":"a","unit_type":"seconds","usd_per_unit":"0.1"},
            {"vendor":"v","model":"b","unit_type":"seconds","usd_per_unit":"0.2","valid_from":"2026-01-01"},
            {"vendor":"v","model":"*","unit_type":"seconds","usd_per_unit":"0.3","from_input_tokens":7},
            {"vendor":"v","model":"a\"\u00fc","unit_type":"seconds","usd_per_unit":"0.4"},
            {"vendor":"v","model":"a","unit_type":"credits","usd_per_unit":"0.5","hours_utc":"01:00-04:00"}]"#;
        let all: Vec<PriceRow> = serde_json::from_str(stored).unwrap();
        let check = |model: &str, rows: usize| {
            let fits = |row: &&PriceRow| row.model == model || row.model == "*";
            let expected: Vec<PriceRow> = all.iter().filter(fits).cloned().collect();
            assert_eq!((read(stored, model).unwrap(), expected.len()), (expected, rows), "{model}");
        };
        check("a", 3);
        check("b", 2);
        check("a\"ü", 2);
        check("", 1);
        check("*", 1);
    }

    #[test]
    fn a_list_that_can_not_be_read_is_an_error() {
        for stored in [
            r#"{}"#,
            r#"[1]"#,
            r#"[{"vendor":"v","model":"a","unit_type":"seconds"}]"#,
            r#"[{"vendor":"v","model":"b","unit_type":"seconds","usd_per_unit":"0.1","more":1}]"#,
            r#"[{"vendor":"v","model":"a","unit_type":"seconds","usd_per_unit":"0.1","hours_utc":"4-1"}]"#,
        ] {
            assert!(read(stored, "a").is_err(), "{stored}");
        }
    }
}
