//! What tells visitors of public streams that they see, hear or read an AI.

use serde::{Deserialize, Serialize};

/// Shown on public streams unless the tenant takes it off with `show`: `null` in a patch resets a field to its default,
/// so that a label can't vanish by being forgotten. Under a law it can't be taken off at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disclosure {
    /// Whether it is shown.
    pub show: bool,
    /// 1 to 200 characters, one line.
    pub label: String,
    /// The law that the tenant's visitors are under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// Whether the first speech of a session begins with the label; by default as the law has it, and without one not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoken: Option<bool>,
}

/// Laws that demand it: [`LAWS`] says where each is written, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// European Union.
    Eu,
    /// California.
    UsCa,
    /// Utah.
    UsUt,
    /// New York.
    UsNy,
}

/// What a law makes of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// It has to be said aloud: a listener may see no page.
    Demanded,
    /// It is said aloud unless the tenant says otherwise: in writing is enough.
    Usual,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LawRow {
    /// Which.
    pub law: Law,
    /// Its name in requests and answers.
    pub name: &'static str,
    /// Where it is written.
    pub source: &'static str,
    /// Since when it applies, as a date.
    pub since: &'static str,
    /// What follows for speech. For pages and video it is the same everywhere: the label is shown.
    pub spoken: Spoken,
}

/// All laws that the gate knows, in the order of their names. A table for engineers, no legal advice.
pub const LAWS: [LawRow; 4] = [
    LawRow {
        law: Law::Eu,
        name: "eu",
        source: "Regulation (EU) 2024/1689 (AI Act), Article 50(1), (4) and (5)",
        since: "2026-08-02",
        spoken: Spoken::Demanded,
    },
    LawRow {
        law: Law::UsCa,
        name: "us-ca",
        source: "California Business and Professions Code, sections 17940 to 17943 and 22601 to 22606",
        since: "2019-07-01",
        spoken: Spoken::Usual,
    },
    LawRow {
        law: Law::UsNy,
        name: "us-ny",
        source: "New York General Business Law, article 47 (sections 1700 to 1704)",
        since: "2025-11-05",
        spoken: Spoken::Usual,
    },
    LawRow {
        law: Law::UsUt,
        name: "us-ut",
        source: "Utah Code, section 13-75-103 (Artificial Intelligence Consumer Protection)",
        since: "2024-05-01",
        spoken: Spoken::Demanded,
    },
];

impl Law {
    /// Its row.
    #[must_use]
    pub fn row(self) -> Option<&'static LawRow> {
        LAWS.iter().find(|row| row.law == self)
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        LAWS.iter().find(|row| row.name == name).map(|row| row.law)
    }

    /// Whether it has to be said aloud.
    #[must_use]
    pub fn demands_speech(self) -> bool {
        self.row().is_none_or(|row| row.spoken == Spoken::Demanded)
    }
}

impl Default for Disclosure {
    fn default() -> Self {
        Self { show: true, label: "AI Host".into(), law: None, spoken: None }
    }
}

impl Disclosure {
    /// What is shown, if anything is.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        (self.show || self.law.is_some()).then_some(self.label.as_str())
    }

    /// What the first speech of a session begins with, if with anything.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        let says = match self.law {
            Some(law) if law.demands_speech() => true,
            law => self.spoken.unwrap_or(law.is_some()),
        };
        // A label may end as a sentence does.
        let stop = if self.label.ends_with(['.', '!', '?']) { "" } else { "." };
        says.then(|| self.shown().map(|label| format!("{label}{stop} "))).flatten()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    fn read(text: &serde_json::Value) -> Disclosure {
        serde_json::from_value(text.clone()).unwrap()
    }

    #[test]
    fn twn_5_a_law_is_shown_and_said_whatever_the_record_says() {
        let check = |record: serde_json::Value, shown: Option<&str>, said: Option<&str>| {
            let disclosure = read(&record);
            assert_eq!((disclosure.shown(), disclosure.said().as_deref()), (shown, said), "{record}");
        };
        check(json!({}), Some("AI Host"), None);
        check(json!({"show": false}), None, None);
        check(json!({"spoken": true}), Some("AI Host"), Some("AI Host. "));
        check(json!({"show": false, "spoken": true}), None, None);
        for law in ["eu", "us-ut"] {
            check(json!({"law": law}), Some("AI Host"), Some("AI Host. "));
            check(json!({"law": law, "show": false, "spoken": false}), Some("AI Host"), Some("AI Host. "));
        }
        for law in ["us-ca", "us-ny"] {
            check(json!({"law": law}), Some("AI Host"), Some("AI Host. "));
            check(json!({"law": law, "show": false, "spoken": false}), Some("AI Host"), None);
        }
        check(json!({"law": "eu", "label": "Ich bin eine KI!"}), Some("Ich bin eine KI!"), Some("Ich bin eine KI! "));
    }

    #[test]
    fn twn_5_every_law_has_a_row_and_the_name_that_is_stored() {
        for law in [Law::Eu, Law::UsCa, Law::UsUt, Law::UsNy] {
            let row = law.row().unwrap();
            assert_eq!(json!(law), json!(row.name));
            assert_eq!(Law::named(row.name), Some(law));
            assert!(!row.source.is_empty() && row.since.len() == 10);
        }
        assert_eq!(Law::named("EU"), None);
        assert!(LAWS.is_sorted_by_key(|row| row.name));
    }

    #[test]
    fn a_record_without_a_law_is_as_it_was() {
        let old = json!({"show": true, "label": "AI Host"});
        assert_eq!(json!(read(&old)), old);
        assert_eq!(json!(Disclosure::default()), old);
    }
}
