//! The kinds of personal data, and the set of them that a tenant has masked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Email,
    Phone,
    Card,
    /// Numbers that a state gives to a person, and bank accounts (IBAN).
    NationalId,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Email, Self::Phone, Self::Card, Self::NationalId];

    /// The name in settings, and between brackets in a redacted log line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::NationalId => "national_id",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Email => 1,
            Self::Phone => 2,
            Self::Card => 4,
            Self::NationalId => 8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// A setting names a kind that does not exist: the tenant's settings are refused, so nobody believes it is masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of personal data (email, phone, card, national_id)")]
pub struct UnknownKind(pub String);

/// A set of kinds; empty by default. Read from a list of names, in JSON or as text (`email, phone`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Kind>", into = "Vec<Kind>")]
pub struct Kinds(u8);

impl Kinds {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(15);

    pub const fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | kind.bit())
    }

    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl FromStr for Kinds {
    type Err = UnknownKind;

    /// Names with commas or blanks between them.
    fn from_str(list: &str) -> Result<Self, UnknownKind> {
        let is_between = |c: char| c == ',' || c.is_whitespace();
        list.split(is_between).filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}

impl From<Vec<Kind>> for Kinds {
    fn from(kinds: Vec<Kind>) -> Self {
        kinds.into_iter().collect()
    }
}

impl From<Kinds> for Vec<Kind> {
    fn from(kinds: Kinds) -> Self {
        kinds.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn kinds_are_read_from_lists() {
        let rows = [
            ("", Ok(Kinds::NONE)),
            ("email", Ok(Kinds::NONE.with(Kind::Email))),
            ("phone, card", Ok(Kinds::NONE.with(Kind::Phone).with(Kind::Card))),
            ("email,phone card\tnational_id,email", Ok(Kinds::ALL)),
            ("Email", Err(UnknownKind("Email".into()))),
            ("email, name", Err(UnknownKind("name".into()))),
        ];
        for (list, expected) in rows {
            assert_eq!(list.parse::<Kinds>(), expected, "{list}");
        }
    }

    #[test]
    fn kinds_travel_as_names() {
        assert_eq!(serde_json::to_string(&Kinds::ALL).unwrap(), r#"["email","phone","card","national_id"]"#);
        for kind in Kind::ALL {
            let json = format!("[\"{kind}\"]");
            assert_eq!(serde_json::from_str::<Kinds>(&json).unwrap(), Kinds::NONE.with(kind));
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!(serde_json::from_str::<Kinds>(r#"["name"]"#).is_err());
    }
}
