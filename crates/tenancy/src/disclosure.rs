//! What tells visitors of public streams that they see an AI.

use serde::{Deserialize, Serialize};

/// Shown on public streams unless the tenant takes it off with `show`: `null` in a patch resets a field to its default,
/// so that a label can't vanish by being forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disclosure {
    /// Whether it is shown.
    pub show: bool,
    /// 1 to 200 characters, one line.
    pub label: String,
}

impl Default for Disclosure {
    fn default() -> Self {
        Self { show: true, label: "AI Host".into() }
    }
}

impl Disclosure {
    /// What is shown, if anything is.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        self.show.then_some(self.label.as_str())
    }
}
