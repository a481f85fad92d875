//! Whether the critical workflows are written down whole, and how many of them are known to work (VCWC: the share of
//! verified critical workflows).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use snapshot::TARGET;

use crate::Verdict;

/// What every workflow must have, each a text.
const FIELDS: [&str; 7] = ["id", "title", "owner", "check", "monitor", "healing", "doc"];

/// What is known beside the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// All files below the root.
    pub files: BTreeSet<String>,
    /// Names of alerts.
    pub alerts: BTreeSet<String>,
    /// How each check ended: just now, or by a report that is young enough. The unknown ones aren't here.
    pub checks: BTreeMap<String, bool>,
    /// Tests that were run, and whether each passed.
    pub tests: BTreeMap<String, bool>,
}

impl Known {
    /// `check:NAME` is one of this tool's; `test:PREFIX` are all tests whose name begins so. `None` is not known.
    fn passes(&self, check: &str) -> Option<bool> {
        match check.split_once(':') {
            Some(("check", name)) => self.checks.get(name).copied(),
            Some(("test", prefix)) => {
                let own = |name: &str| name.rsplit("::").next().unwrap_or(name).starts_with(prefix);
                let mut run = self.tests.iter().filter(|(name, _)| own(name)).peekable();
                run.peek()?;
                Some(run.all(|(_, passed)| *passed))
            }
            _ => None,
        }
    }
}

/// The names of the alerts in a file of Prometheus' rules.
pub fn alerts(rules: &str) -> Result<BTreeSet<String>, String> {
    let documents = crate::yaml::documents(rules)?;
    let groups = documents.iter().filter_map(|file| file.get("groups")?.as_array()).flatten();
    let rules = groups.filter_map(|group| group.get("rules")?.as_array()).flatten();
    Ok(rules.filter_map(|rule| Some(rule.get("alert")?.as_str()?.to_owned())).collect())
}

/// The tests of a run, by the lines `test NAME ... ok` that cargo prints. One that failed anywhere has failed.
#[must_use]
pub fn tests(output: &str) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for line in output.lines() {
        let Some((name, result)) = line.trim().strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
            continue;
        };
        let passed = match result.split_whitespace().next() {
            Some("ok") => true,
            Some("FAILED" | "failed") => false,
            _ => continue,
        };
        let kept = found.entry(name.to_owned()).or_insert(passed);
        *kept = *kept && passed;
    }
    found
}

/// The manifest: `{"workflows": [{"id", "title", "owner", "check", "monitor", "healing", "doc"}]}`.
#[must_use]
pub fn check(manifest: &Value, known: &Known) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(list) = manifest.get("workflows").and_then(Value::as_array) else {
        verdict.fail("manifest_unreadable", "workflows", "The manifest must have a list of them.");
        return verdict;
    };
    let (mut seen, mut verified) = (BTreeSet::new(), 0_usize);
    for (index, workflow) in list.iter().enumerate() {
        let text = |name: &str| workflow.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let id = text("id").map_or_else(|| format!("workflows[{index}]"), str::to_owned);
        let mut whole = true;
        let mut fail = |code: &str, field: &str, message: String| {
            verdict.fail(code, format!("{id}.{field}"), message);
            whole = false;
        };
        for field in FIELDS.iter().filter(|field| text(field).is_none()) {
            fail("field_missing", field, "Every workflow must have it.".to_owned());
        }
        if !seen.insert(id.clone()) {
            fail("id_twice", "id", "Two workflows have this id.".to_owned());
        }
        if let Some(doc) = text("doc").filter(|doc| !known.files.contains(doc.split('#').next().unwrap_or(doc))) {
            fail("doc_missing", "doc", format!("There is no file `{doc}`."));
        }
        if let Some(alert) = text("monitor").and_then(|monitor| monitor.strip_prefix("alert:"))
            && !known.alerts.contains(alert)
        {
            fail("alert_missing", "monitor", format!("There is no alert `{alert}`."));
        }
        let passes = match text("check") {
            Some(check) if !check.starts_with("check:") && !check.starts_with("test:") => {
                fail("check_unknown", "check", format!("`{check}` is neither `check:NAME` nor `test:PREFIX`."));
                None
            }
            Some(check) => known.passes(check),
            None => None,
        };
        if passes == Some(false) {
            fail("check_fails", "check", format!("`{}` doesn't pass.", text("check").unwrap_or_default()));
        }
        verified = verified.saturating_add(usize::from(whole && passes == Some(true)));
    }
    verdict.fact("defined", list.len());
    verdict.fact("verified", verified);
    let target = manifest.get("target").and_then(Value::as_u64).unwrap_or(TARGET);
    verdict.fact("target", usize::try_from(target).unwrap_or(usize::MAX));
    verdict.fact("vcwc_percent", verified.saturating_mul(100).checked_div(list.len()).unwrap_or(0));
    verdict
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    fn known() -> Known {
        Known {
            files: ["docs/limits.md".to_owned()].into(),
            alerts: alerts(
                "groups:\n- name: a\n  rules:\n  - alert: CapNear\n    expr: up\n  - record: x\n    expr: up\n",
            )
            .unwrap(),
            checks: [("log".to_owned(), true), ("router".to_owned(), false)].into(),
            tests: tests(
                "running 3 tests\ntest chat::lim_3_cap ... ok\ntest lim_3_other ... ok\ntest whk_1_x ... FAILED\n\
                test slow ... ignored\ntest twice ... ok\ntest twice ... FAILED\n",
            ),
        }
    }

    fn workflow(change: Value) -> Value {
        let mut workflow = json!({"id": "caps", "title": "Hard caps", "owner": "finance", "check": "test:lim_3_",
            "monitor": "alert:CapNear", "healing": "The reaper counts anew.", "doc": "docs/limits.md#caps"});
        for (name, value) in change.as_object().unwrap() {
            workflow[name] = value.clone();
        }
        workflow
    }

    #[test]
    fn ops_3_a_workflow_that_lacks_something_is_found() {
        let check = |change: Value, expected: &[&str], verified| {
            let verdict = self::check(&json!({"workflows": [workflow(change.clone())]}), &known());
            assert_eq!(verdict.found(), expected, "{change}");
            assert_eq!(verdict.counted("verified"), Some(verified), "{change}");
        };
        check(json!({}), &[], 1);
        check(json!({"check": "check:log"}), &[], 1);
        check(json!({"check": "check:infra"}), &[], 0);
        check(json!({"check": "test:ses_"}), &[], 0);
        check(json!({"monitor": "the log's own size"}), &[], 1);
        check(json!({"owner": ""}), &["field_missing caps.owner"], 0);
        check(json!({"healing": null}), &["field_missing caps.healing"], 0);
        check(json!({"id": null}), &["field_missing workflows[0].id"], 0);
        check(json!({"doc": "docs/none.md"}), &["doc_missing caps.doc"], 0);
        check(json!({"monitor": "alert:Nothing"}), &["alert_missing caps.monitor"], 0);
        check(json!({"check": "by hand"}), &["check_unknown caps.check"], 0);
        check(json!({"check": "check:router"}), &["check_fails caps.check"], 0);
        check(json!({"check": "test:whk_1"}), &["check_fails caps.check"], 0);
        check(json!({"check": "test:twice"}), &["check_fails caps.check"], 0);
        check(json!({"check": "test:slow"}), &[], 0);
    }

    #[test]
    fn ops_3_coverage_is_the_share_of_those_known_to_work() {
        let list = json!({"workflows": [workflow(json!({})), workflow(json!({"id": "b", "check": "test:none_"})),
            workflow(json!({"id": "c"}))]});
        let verdict = check(&list, &known());
        let counted = ["defined", "verified", "target", "vcwc_percent"].map(|name| verdict.counted(name).unwrap());
        assert_eq!(counted, [3, 2, 25, 66]);
        let twice = check(&json!({"workflows": [workflow(json!({})), workflow(json!({}))]}), &known());
        assert_eq!(twice.found(), ["id_twice caps.id"]);
        assert_eq!(check(&json!({}), &known()).found(), ["manifest_unreadable workflows"]);
    }
}
