//! `/v1/checks`: what the operator's checks found last. `tollgate check --report` says it; snapshots and metrics show it.

use std::collections::BTreeSet;

use kv_schemas::{Log, Slot, Store, StoreError, families};
use serde_json::json;
use shell::{Call, Problem, Reply, offline};
use snapshot::Report;

/// Checks there may be.
const MAX_CHECKS: u64 = 32;
/// Findings of one report; the first ones are kept.
const MAX_FINDINGS: usize = 200;
/// Characters of one finding's texts.
const MAX_TEXT: usize = 500;
/// Facts of one report.
const MAX_FACTS: usize = 50;

fn names() -> Log<String> {
    families::CHECK_LIST.log(&[])
}

/// `PUT /v1/checks/{name}`
pub fn put(call: &Call, store: &dyn Store, name: &str) -> Result<Reply, Problem> {
    let report = parse(call.json()?, name)?;
    keep(store, &report)?;
    Ok(Reply::json(200, &report))
}

/// `GET /v1/checks/{name}`
pub fn get(store: &dyn Store, name: &str) -> Result<Reply, Problem> {
    let found = find(store, name).map_err(|error| offline(&error))?;
    let report = found.ok_or_else(|| Problem::not_found("This check has not reported."))?;
    Ok(Reply::json(200, &report))
}

/// `GET /v1/checks`
pub fn list(store: &dyn Store) -> Result<Reply, Problem> {
    let reports = all(store).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "checks": reports })))
}

/// `DELETE /v1/checks/{name}`: of a check that is made no more. Idempotent.
pub fn delete(store: &dyn Store, name: &str) -> Result<Reply, Problem> {
    if !is_name(name) {
        return Err(no_name());
    }
    forget(store, name).map_err(|error| offline(&error))?;
    Ok(Reply::empty(204))
}

/// The last report of each check, by name.
pub fn all(store: &dyn Store) -> Result<Vec<Report>, StoreError> {
    let mut found = BTreeSet::new();
    for index in 1..=names().tail(store)?.min(MAX_CHECKS) {
        if let Slot::Entry(name) = names().get(store, index)? {
            found.insert(name);
        }
    }
    found.iter().filter_map(|name| find(store, name).transpose()).collect()
}

fn find(store: &dyn Store, name: &str) -> Result<Option<Report>, StoreError> {
    if is_name(name) { families::CHECK_REPORT.value(&[name]).get(store) } else { Ok(None) }
}

/// Keeps it, in place of the check's last one.
///
/// What if others list theirs, or one is taken away, at the same moment? The name may be listed twice, and is read once; or it
/// isn't, and its next report lists it.
pub fn keep(store: &dyn Store, report: &Report) -> Result<(), Problem> {
    let failed = |error: StoreError| offline(&error);
    match place(store, &report.name).map_err(failed)? {
        Place::Listed => {}
        // What if we crash after either? A name without a report.
        Place::Free(index) => names().put(store, index, &report.name).map_err(failed)?,
        Place::Behind => names().append(store, &report.name).map(drop).map_err(failed)?,
        Place::None => return Err(Problem::invalid("name", format!("there are {MAX_CHECKS} checks already"))),
    }
    families::CHECK_REPORT.value(&[&report.name]).set(store, report).map_err(failed)
}

/// Where a name stands on the list, or may be put.
enum Place {
    Listed,
    /// Where another has been taken away.
    Free(u64),
    Behind,
    None,
}

fn place(store: &dyn Store, name: &str) -> Result<Place, StoreError> {
    let tail = names().tail(store)?;
    let mut place = if tail < MAX_CHECKS { Place::Behind } else { Place::None };
    for index in (1..=tail.min(MAX_CHECKS)).rev() {
        match names().get(store, index)? {
            Slot::Entry(listed) if listed == name => return Ok(Place::Listed),
            Slot::Entry(_) => {}
            Slot::Hole => place = Place::Free(index),
        }
    }
    Ok(place)
}

/// Takes a report away, and its check's place on the list.
fn forget(store: &dyn Store, name: &str) -> Result<(), StoreError> {
    // First: what if we crash here? A name without a report, which the same request again takes away.
    families::CHECK_REPORT.value::<Report>(&[name]).delete(store)?;
    for index in 1..=names().tail(store)?.min(MAX_CHECKS) {
        if matches!(names().get(store, index)?, Slot::Entry(listed) if listed == name) {
            names().remove(store, index)?;
        }
    }
    Ok(())
}

fn parse(mut report: Report, name: &str) -> Result<Report, Problem> {
    if !is_name(name) {
        return Err(no_name());
    }
    if report.name != name {
        return Err(Problem::invalid("name", "must be that of the path"));
    }
    if report.made_at().is_none() {
        return Err(Problem::invalid("at", "must be a time in RFC 3339"));
    }
    report.findings.truncate(MAX_FINDINGS);
    for finding in &mut report.findings {
        for text in [&mut finding.code, &mut finding.path, &mut finding.message] {
            *text = text.chars().take(MAX_TEXT).collect();
        }
    }
    if report.facts.len() > MAX_FACTS || report.facts.keys().any(|fact| fact.len() > 100) {
        return Err(Problem::invalid("facts", format!("must be at most {MAX_FACTS}, of at most 100 characters")));
    }
    Ok(report)
}

fn no_name() -> Problem {
    Problem::invalid("name", "must be 1 to 40 of a-z 0-9 -")
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;
    use snapshot::{Finding, Status};

    use super::*;

    fn report(name: &str, status: Status) -> Report {
        let findings = vec![Finding::new("missing", "/shop", "no gate")];
        let at = "2026-11-21T00:00:00.000Z".into();
        Report { name: name.into(), status, findings, facts: [("pages".to_owned(), 3)].into(), at }
    }

    #[test]
    fn ops_3_the_last_report_of_each_check_is_kept() {
        let store = Memory::default();
        keep(&store, &report("infra", Status::Pass)).unwrap();
        keep(&store, &report("age-gate", Status::Pass)).unwrap();
        keep(&store, &report("infra", Status::Fail)).unwrap();
        assert_eq!(all(&store), Ok(vec![report("age-gate", Status::Pass), report("infra", Status::Fail)]));
    }

    #[test]
    fn ops_3_a_report_that_is_cut_off_anywhere_is_made_good_by_the_next() {
        for fuel in 0.. {
            let store = Memory::default();
            store.fail_after(fuel);
            let whole = keep(&store, &report("infra", Status::Fail)).is_ok();
            store.recover();
            keep(&store, &report("infra", Status::Pass)).unwrap();
            assert_eq!(all(&store), Ok(vec![report("infra", Status::Pass)]), "failed after {fuel}");
            if whole {
                break;
            }
        }
    }

    #[test]
    fn ops_3_a_check_that_is_made_no_more_is_taken_away_and_its_place_is_anothers() {
        let store = Memory::default();
        let names = |all: Result<Vec<Report>, StoreError>| -> Vec<String> {
            all.unwrap().into_iter().map(|report| report.name).collect()
        };
        for n in 0..MAX_CHECKS {
            keep(&store, &report(&format!("c{n:02}"), Status::Fail)).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(delete(&store, "c07").unwrap().0.status(), 204);
        }
        assert!(!names(all(&store)).contains(&"c07".to_owned()));
        assert_eq!(get(&store, "c07").err().map(|problem| problem.kind.status()), Some(404));
        assert_eq!(delete(&store, "never-was").unwrap().0.status(), 204);
        assert_eq!(delete(&store, "C 7").err().and_then(|problem| problem.param).as_deref(), Some("name"));
        assert_eq!(all(&store).map(|all| all.len()), Ok(31));
        keep(&store, &report("new", Status::Pass)).unwrap();
        assert!(names(all(&store)).contains(&"new".to_owned()));
        assert!(keep(&store, &report("one-more", Status::Pass)).is_err());
        for name in names(all(&store)) {
            delete(&store, &name).unwrap();
        }
        assert_eq!(store.keys(), ["check-list/tail"]);
    }

    #[test]
    fn ops_3_taking_away_is_completed_by_the_same_request() {
        for fuel in 0.. {
            let store = Memory::default();
            keep(&store, &report("infra", Status::Fail)).unwrap();
            store.fail_after(fuel);
            let whole = delete(&store, "infra").is_ok();
            store.recover();
            assert!(fuel == 0 || all(&store) == Ok(vec![]), "failed after {fuel}");
            delete(&store, "infra").unwrap();
            assert_eq!(store.keys(), ["check-list/tail"], "failed after {fuel}");
            if whole {
                break;
            }
        }
    }

    #[test]
    fn ops_3_only_reports_are_taken_and_only_so_many() {
        let check = |name: &str, report: Report, param: Option<&str>| {
            let refused = parse(report, name).err().and_then(|problem| problem.param);
            assert_eq!(refused.as_deref(), param, "{name}");
        };
        check("infra", report("infra", Status::Pass), None);
        check("infra", report("other", Status::Pass), Some("name"));
        check("In fra", report("In fra", Status::Pass), Some("name"));
        check("infra", Report { at: "today".into(), ..report("infra", Status::Pass) }, Some("at"));
        let store = Memory::default();
        for n in 0..MAX_CHECKS {
            keep(&store, &report(&format!("c{n}"), Status::Pass)).unwrap();
        }
        assert!(keep(&store, &report("one-more", Status::Pass)).is_err());
        assert!(keep(&store, &report("c0", Status::Fail)).is_ok(), "a known one reports as ever");
        assert_eq!(all(&store).map(|all| all.len()), Ok(32));
    }
}
