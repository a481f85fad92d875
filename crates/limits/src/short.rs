//! How a permit's holds and quantities are stored: short, since every call writes its permit four times and reads it
//! twice. What earlier releases wrote is read as well.
//!
//! ```text
//! holds       {"places":[1,"tenant","t"]}
//!             {"units":[[["input_tokens",74],["tokens",74]],"tenant","t","2026-11-20"]}    neighbours of one window
//!             {"money":[5000,"tenant","t","2026-11"]}
//!    earlier  {"meter":{"kind":"places","scope":"tenant","owner":"t"},"amount":1}
//! quantities  ["input_tokens",74]
//!    earlier  {"unit_type":"input_tokens","units":74}
//! ```

use std::fmt;

use money::Quantity;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use crate::{
    holds::Hold,
    meter::{Meter, Scope},
};

/// Holds of one window, as they are written.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Group<'a> {
    Places(i64, Scope, &'a str),
    Units(Amounts<'a>, Scope, &'a str, &'a str),
    Money(i64, Scope, &'a str, &'a str),
}

/// Unit and amount of each of some holds of units.
struct Amounts<'a>(&'a [Hold]);

impl Serialize for Amounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(|hold| match &hold.meter {
            Meter::Units { unit, .. } => Some((unit, hold.amount)),
            Meter::Places { .. } | Meter::Money { .. } => None,
        }))
    }
}

/// Writes holds.
pub(crate) fn serialize<S: Serializer>(holds: &[Hold], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(holds.chunk_by(|a, b| are_neighbours(&a.meter, &b.meter)).filter_map(group))
}

fn group(holds: &[Hold]) -> Option<Group<'_>> {
    let Hold { meter, amount } = holds.first()?;
    Some(match meter {
        Meter::Places { scope, owner } => Group::Places(*amount, *scope, owner),
        Meter::Units { scope, owner, window, .. } => Group::Units(Amounts(holds), *scope, owner, window),
        Meter::Money { scope, owner, window } => Group::Money(*amount, *scope, owner, window),
    })
}

/// Units of one owner's window.
fn are_neighbours(a: &Meter, b: &Meter) -> bool {
    match (a, b) {
        (
            Meter::Units { scope, owner, window, .. },
            Meter::Units { scope: other_scope, owner: other_owner, window: other_window, .. },
        ) => scope == other_scope && owner == other_owner && window == other_window,
        _ => false,
    }
}

/// Writes quantities.
pub(crate) fn pairs<S: Serializer>(quantities: &[Quantity], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(quantities.iter().map(|quantity| (&quantity.unit_type, quantity.units)))
}

/// Reads holds.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hold>, D::Error> {
    struct Holds;

    impl<'de> Visitor<'de> for Holds {
        type Value = Vec<Hold>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of holds")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Hold>, A::Error> {
            let mut holds = Vec::with_capacity(USUAL);
            while seq.next_element_seed(Next(&mut holds))?.is_some() {}
            Ok(holds)
        }
    }

    deserializer.deserialize_seq(Holds)
}

/// So many holds most permits have.
const USUAL: usize = 10;

/// The next hold, or group of holds.
struct Next<'a>(&'a mut Vec<Hold>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Places,
    Units,
    Money,
    Meter,
    Amount,
}

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Next<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hold")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(holds) = self;
        let (mut meter, mut amount) = (None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Places => {
                    let (amount, scope, owner) = map.next_value()?;
                    holds.push(Hold { meter: Meter::Places { scope, owner }, amount });
                }
                Field::Units => {
                    let (amounts, scope, owner, window): (Vec<(String, i64)>, Scope, String, String) =
                        map.next_value()?;
                    holds.extend(amounts.into_iter().map(|(unit, amount)| {
                        let (owner, window) = (owner.clone(), window.clone());
                        Hold { meter: Meter::Units { scope, owner, unit, window }, amount }
                    }));
                }
                Field::Money => {
                    let (amount, scope, owner, window) = map.next_value()?;
                    holds.push(Hold { meter: Meter::Money { scope, owner, window }, amount });
                }
                Field::Meter => meter = Some(map.next_value()?),
                Field::Amount => amount = Some(map.next_value()?),
            }
        }
        match (meter, amount) {
            (None, None) => Ok(()),
            (Some(meter), Some(amount)) => {
                holds.push(Hold { meter, amount });
                Ok(())
            }
            (None, Some(_)) => Err(A::Error::missing_field("meter")),
            (Some(_), None) => Err(A::Error::missing_field("amount")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        #[serde(with = "crate::short")]
        holds: Vec<Hold>,
        #[serde(serialize_with = "pairs")]
        used: Vec<Quantity>,
    }

    fn places(owner: &str, amount: i64) -> Hold {
        Hold { meter: Meter::Places { scope: Scope::Tenant, owner: owner.into() }, amount }
    }

    fn units(scope: Scope, owner: &str, unit: &str, window: &str, amount: i64) -> Hold {
        let (owner, unit, window) = (owner.into(), unit.into(), window.into());
        Hold { meter: Meter::Units { scope, owner, unit, window }, amount }
    }

    fn money(owner: &str, amount: i64) -> Hold {
        Hold { meter: Meter::Money { scope: Scope::Company, owner: owner.into(), window: "2026-11".into() }, amount }
    }

    #[test]
    fn what_is_written_is_short_and_read_again() {
        let check = |holds: &[Hold], used: &[(&str, u64)], stored: &str| {
            let used = used.iter().map(|(unit, units)| Quantity::new(unit, *units)).collect();
            let record = Record { holds: holds.into(), used };
            assert_eq!(serde_json::to_string(&record).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Record>(stored).unwrap(), record);
        };
        check(&[], &[], r#"{"holds":[],"used":[]}"#);
        check(
            &[places("t", 1), places("t", 1), money("c\"", -5), money("c\"", -5)],
            &[("seconds", 3), ("credits", 0)],
            r#"{"holds":[{"places":[1,"tenant","t"]},{"places":[1,"tenant","t"]},{"money":[-5,"company","c\"","2026-11"]},{"money":[-5,"company","c\"","2026-11"]}],"used":[["seconds",3],["credits",0]]}"#,
        );
        let tenant = |unit, window, amount| units(Scope::Tenant, "t", unit, window, amount);
        check(
            &[
                tenant("a", "d1", 1),
                tenant("b", "d1", 2),
                tenant("b", "d2", 3),
                units(Scope::Tenant, "u", "b", "d2", 4),
                units(Scope::Company, "u", "b", "d2", 5),
                places("u", 1),
                units(Scope::Company, "u", "money", "d2", 6),
            ],
            &[],
            r#"{"holds":[{"units":[[["a",1],["b",2]],"tenant","t","d1"]},{"units":[[["b",3]],"tenant","t","d2"]},{"units":[[["b",4]],"tenant","u","d2"]},{"units":[[["b",5]],"company","u","d2"]},{"places":[1,"tenant","u"]},{"units":[[["money",6]],"company","u","d2"]}],"used":[]}"#,
        );
    }

    #[test]
    fn what_earlier_releases_wrote_is_read() {
        let stored = r#"{"holds":[{"meter":{"kind":"places","scope":"tenant","owner":"t"},"amount":1},{"meter":{"kind":"units","scope":"session","owner":"s","unit":"seconds","window":"life"},"amount":30},{"amount":7,"meter":{"kind":"money","scope":"company","owner":"c","window":"2026-11"}}],"used":[{"unit_type":"seconds","units":12}]}"#;
        let record = Record {
            holds: vec![places("t", 1), units(Scope::Session, "s", "seconds", "life", 30), money("c", 7)],
            used: vec![Quantity::new("seconds", 12)],
        };
        assert_eq!(serde_json::from_str::<Record>(stored).unwrap(), record);
    }

    #[test]
    fn what_is_no_hold_is_refused() {
        for hold in [
            r#"{"meter":{"kind":"places","scope":"tenant","owner":"t"}}"#,
            r#"{"amount":1}"#,
            r#"{"places":[1,"tenant"]}"#,
            r#"{"places":[1,"nobody","t"]}"#,
            r#"{"money":[1,"tenant","t"]}"#,
            r#"{"units":[[["seconds"]],"tenant","t","d"]}"#,
            r#"{"rooms":[1,"tenant","t"]}"#,
            r#"["places",1]"#,
            "1",
        ] {
            let stored = format!(r#"{{"holds":[{hold}],"used":[]}}"#);
            assert!(serde_json::from_str::<Record>(&stored).is_err(), "{hold}");
        }
    }
}
