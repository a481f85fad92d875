//! Personal data that must not reach an external LLM.

use serde::{Deserialize, Serialize};

/// What a tenant wants masked before it leaves. Nothing by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// Each kind at most once.
    #[serde(default)]
    pub mask: Vec<PersonalData>,
}

impl Privacy {
    /// Whether this kind is masked.
    #[must_use]
    pub fn masks(&self, kind: PersonalData) -> bool {
        self.mask.contains(&kind)
    }
}

/// A kind of personal data that can be told by its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// A number that a state gives a person.
    NationalId,
}

impl PersonalData {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Email, Self::Phone, Self::Card, Self::NationalId];

    /// As settings name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::NationalId => "national_id",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_kind_is_stored_by_its_name() {
        for kind in PersonalData::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert!(!Privacy::default().masks(PersonalData::Email));
        assert!(Privacy { mask: vec![PersonalData::Card] }.masks(PersonalData::Card));
    }
}
