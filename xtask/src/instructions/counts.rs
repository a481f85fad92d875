//! The counts that are kept (`bench/instructions/counts.json`), and how new ones compare with them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::profile::Profile;

/// Wide enough for the spread between runs and small enough for a wasteful loop: see docs/performance.md.
pub const TOLERANCE_PERCENT: u64 = 5;
/// Functions kept of each case, to tell which of them grew.
const KEPT: usize = 30;
/// Functions a message names.
const NAMED: usize = 12;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Counts {
    /// How much more a case may cost before it is a failure.
    pub tolerance_percent: u64,
    /// What the numbers depend on beside the code.
    pub taken_with: Tools,
    pub cases: BTreeMap<String, Case>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Tools {
    pub architecture: String,
    pub rustc: String,
    pub valgrind: String,
}

/// One call's cost.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Case {
    pub instructions: u64,
    /// The largest functions, each by itself.
    pub functions: BTreeMap<String, u64>,
}

impl Counts {
    pub fn load(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("{} can't be read; UPDATE=1 makes it", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged; UPDATE=1 makes it anew", file.display()))
    }

    pub fn save(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).with_context(|| format!("{} can't be written", file.display()))
    }
}

impl Case {
    pub fn of(profile: &Profile) -> Self {
        Self { instructions: profile.total, functions: profile.largest(KEPT) }
    }
}

/// A case's new count beside the kept one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub case: String,
    pub kept: u64,
    pub now: u64,
    pub verdict: Verdict,
    /// Which functions grew, and by how much at least.
    pub grew: Vec<(String, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Same,
    /// A failure.
    Rose,
    /// No failure, but what is gained should be kept.
    Fell,
    /// Never counted before: a failure, since nothing would be compared.
    Unknown,
}

impl Comparison {
    pub fn new(kept: &Counts, case: &str, now: &Profile) -> Self {
        let Some(before) = kept.cases.get(case) else {
            return Self { case: case.into(), kept: 0, now: now.total, verdict: Verdict::Unknown, grew: Vec::new() };
        };
        let margin = before.instructions * kept.tolerance_percent / 100;
        let verdict = if now.total > before.instructions + margin {
            Verdict::Rose
        } else if now.total + margin < before.instructions {
            Verdict::Fell
        } else {
            Verdict::Same
        };
        Self { case: case.into(), kept: before.instructions, now: now.total, verdict, grew: grown(before, now) }
    }

    pub fn is_failure(&self) -> bool {
        matches!(self.verdict, Verdict::Rose | Verdict::Unknown)
    }
}

/// What isn't in the kept list cost as much as the smallest there, at most.
fn grown(before: &Case, now: &Profile) -> Vec<(String, u64)> {
    let unlisted = before.functions.values().min().copied().unwrap_or(0);
    let growth = |(name, count): (&String, &u64)| {
        let more = count.saturating_sub(before.functions.get(name).copied().unwrap_or(unlisted));
        (more > 0).then(|| (name.clone(), more))
    };
    let mut grew: Vec<_> = now.functions.iter().filter_map(growth).collect();
    grew.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    grew.truncate(NAMED);
    grew
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, kept, now, verdict, grew } = self;
        let percent = (i128::from(*now) - i128::from(*kept)) * 1000 / i128::from((*kept).max(1));
        let sign = if percent < 0 { '-' } else { '+' };
        let percent = format!("{sign}{}.{} %", percent.abs() / 10, percent.abs() % 10);
        match verdict {
            Verdict::Unknown => return write!(f, "{case}: {now} instructions a call, and no count is kept of it"),
            Verdict::Same => return write!(f, "{case}: {now} instructions a call, {kept} are kept ({percent})"),
            Verdict::Fell => {
                return write!(
                    f,
                    "{case}: {now} instructions a call, fewer than the {kept} that are kept ({percent}): UPDATE=1 keeps what was gained"
                );
            }
            Verdict::Rose => {}
        }
        write!(f, "{case}: {now} instructions a call, more than the {kept} that are kept ({percent}); what grew:")?;
        for (name, more) in grew {
            write!(f, "\n  {more:>10}  {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    fn profile(total: u64, list: &[(&str, u64)]) -> Profile {
        Profile { total, functions: functions(list) }
    }

    fn kept() -> Counts {
        let tools = Tools { architecture: "x86_64".into(), rustc: "rustc 1".into(), valgrind: "valgrind-3".into() };
        let case = Case { instructions: 1000, functions: functions(&[("a", 600), ("b", 300), ("c", 50)]) };
        Counts { tolerance_percent: 5, taken_with: tools, cases: [("chat".to_owned(), case)].into() }
    }

    #[test]
    fn only_more_than_the_tolerance_is_a_failure() {
        let check = |case: &str, now: u64, expected: Verdict, fails: bool| {
            let found = Comparison::new(&kept(), case, &profile(now, &[]));
            assert_eq!((found.verdict, found.is_failure()), (expected, fails), "{case} {now}");
        };
        check("chat", 1000, Verdict::Same, false);
        check("chat", 1050, Verdict::Same, false);
        check("chat", 1051, Verdict::Rose, true);
        check("chat", 950, Verdict::Same, false);
        check("chat", 949, Verdict::Fell, false);
        check("chat", 0, Verdict::Fell, false);
        check("preflight", 1000, Verdict::Unknown, true);
    }

    #[test]
    fn a_failure_names_what_grew() {
        let now = profile(2000, &[("a", 500), ("b", 310), ("c", 50), ("new", 1050), ("small", 40)]);
        let found = Comparison::new(&kept(), "chat", &now);
        assert_eq!(found.grew, [("new".to_owned(), 1000), ("b".to_owned(), 10)]);
        let text = found.to_string();
        assert!(text.contains("2000 instructions a call, more than the 1000 that are kept (+100.0 %)"), "{text}");
        assert!(text.ends_with("        1000  new\n          10  b"), "{text}");
    }

    #[test]
    fn a_gain_is_a_hint() {
        let text = Comparison::new(&kept(), "chat", &profile(872, &[])).to_string();
        assert!(text.contains("(-12.8 %): UPDATE=1 keeps"), "{text}");
        let text = Comparison::new(&kept(), "chat", &profile(1001, &[])).to_string();
        assert_eq!(text, "chat: 1001 instructions a call, 1000 are kept (+0.1 %)");
    }

    #[test]
    fn counts_are_kept_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counts.json");
        assert!(Counts::load(&file).unwrap_err().to_string().contains("UPDATE=1 makes it"));
        kept().save(&file).unwrap();
        assert_eq!(Counts::load(&file).unwrap(), kept());
        fs::write(&file, "{").unwrap();
        assert!(Counts::load(&file).unwrap_err().to_string().contains("is damaged"));
    }
}
