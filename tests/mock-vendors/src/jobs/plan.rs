//! How a job goes: when it is done, and how it ends.

use std::collections::HashMap;

use serde::Deserialize;

use crate::fault::words;

/// A job is over after so many looks or so much time, whichever comes first; with neither it never is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The look that finds it over.
    #[serde(default)]
    pub looks: Option<u32>,
    #[serde(default)]
    pub after_ms: Option<u64>,
    /// It comes to nothing.
    #[serde(default)]
    pub fail: bool,
    /// How often the end is reported.
    #[serde(default = "once")]
    pub callbacks: u32,
    /// Only jobs of this key.
    #[serde(default)]
    pub key: Option<String>,
}

fn once() -> u32 {
    1
}

impl Default for Plan {
    /// Quick: the first look finds it running, the second done; nobody has to look.
    fn default() -> Self {
        Self { looks: Some(2), after_ms: Some(2_000), fail: false, callbacks: 1, key: None }
    }
}

impl Plan {
    /// The plan that magic words in the request ask for: `[[looks:5]]`, `[[after:300]]` (ms), `[[stuck]]`, `[[fail]]`.
    pub fn by_magic_words(text: &str) -> Option<Self> {
        let never = || Self { looks: None, after_ms: None, ..Self::default() };
        let mut plan: Option<Self> = None;
        let mut fail = false;
        for word in words(text) {
            match word.split_once(':').unwrap_or((word, "")) {
                ("looks", looks) => plan.get_or_insert_with(never).looks = looks.parse().ok(),
                ("after", millis) => plan.get_or_insert_with(never).after_ms = millis.parse().ok(),
                ("stuck", _) => plan = Some(never()),
                ("fail", _) => fail = true,
                _ => {}
            }
        }
        let plan = if fail { Some(plan.unwrap_or_default()) } else { plan };
        plan.map(|plan| Self { fail, ..plan })
    }

    /// It runs, and waits no longer.
    pub fn is_half_way(&self, looks: u32, elapsed_ms: u64) -> bool {
        match (self.looks, self.after_ms) {
            (Some(all), _) => looks.saturating_mul(2) >= all,
            (None, Some(all)) => elapsed_ms.saturating_mul(2) >= all,
            (None, None) => true,
        }
    }
}

/// The plans that are set, by vendor and key; empty names stand for all others.
#[derive(Debug, Default)]
pub struct Plans(HashMap<(String, String), Plan>);

impl Plans {
    /// Without a plan, back to the default for all keys.
    pub fn set(&mut self, vendor: Option<&str>, plan: Option<Plan>) {
        let vendor = vendor.unwrap_or_default();
        match plan {
            Some(plan) => drop(self.0.insert((vendor.to_owned(), plan.key.clone().unwrap_or_default()), plan)),
            None => self.0.retain(|(name, _), _| name != vendor),
        }
    }

    pub fn of(&self, vendor: &str, key: &str) -> Plan {
        let places = [(vendor, key), (vendor, ""), ("", key), ("", "")];
        let found = places.iter().find_map(|(vendor, key)| self.0.get(&((*vendor).to_owned(), (*key).to_owned())));
        found.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_words() {
        let plan = |looks, after_ms, fail| Some(Plan { looks, after_ms, fail, ..Plan::default() });
        let rows = [
            ("a cat", None),
            ("a cat [[fail]]", plan(Some(2), Some(2_000), true)),
            ("[[fail]] [[looks:3]]", plan(Some(3), None, true)),
            ("[[after:300]]", plan(None, Some(300), false)),
            ("[[stuck]]", plan(None, None, false)),
        ];
        for (text, expected) in rows {
            assert_eq!(Plan::by_magic_words(text), expected, "{text}");
        }
    }

    #[test]
    fn the_closest_plan_counts() {
        let mut plans = Plans::default();
        let plan =
            |looks, key: Option<&str>| Some(Plan { looks: Some(looks), key: key.map(Into::into), ..Plan::default() });
        plans.set(None, plan(7, None));
        plans.set(Some("kie"), plan(8, None));
        plans.set(Some("kie"), plan(9, Some("k")));
        let looks = |vendor: &str, key: &str| plans.of(vendor, key).looks;
        assert_eq!([looks("kie", "k"), looks("kie", "x"), looks("other", "k")], [Some(9), Some(8), Some(7)]);
        plans.set(Some("kie"), None);
        assert_eq!(plans.of("kie", "k").looks, Some(7));
    }
}
