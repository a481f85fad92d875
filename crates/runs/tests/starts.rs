//! The start of a job: refused, cut off, or spoken of when it is long over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use common::{NOW, at, done, failed, go_on, jobs, planned, refused, run, started, starting, steps, take};
use runs::{Fact, Refused, Status, Then, apply, show};
use serde_json::{Value as Json, json};

#[test]
fn a_denial_pauses_or_waits_or_fails() {
    let check = |kind: &str, code: &str, after_ms: Option<u64>, wanted: &str, later: &str| {
        let mut run = run(&jobs(2));
        let then = Then::of(kind, code, after_ms);
        take(&mut run, vec![starting("s1", 1), refused("s1", 1, code, then)], NOW).unwrap();
        let found = format!("{} {} | {}", run.status.name(), steps(&run), planned(&run, NOW));
        assert_eq!((found.as_str(), planned(&run, at(5)).as_str()), (wanted, later), "{kind} {code}");
    };
    let paused = "paused s1 queued, s2 queued | ";
    check("hard_cap", "monthly_cap", None, paused, "");
    check("forbidden", "capability_missing", None, paused, "");
    check("invalid_request", "unpriced", None, paused, "");
    check("forbidden", "text_only", None, paused, "");
    let later = "start s1 2, start s2 1";
    check("burst", "burst", None, "running s1 queued, s2 queued | ", later);
    check("rate_limited", "rate", Some(4_000), "running s1 queued, s2 queued | ", later);
    check("rate_limited", "rate", Some(6_000), "running s1 queued, s2 queued | ", "");
    check("vendor_error", "vendor_down", None, "running s1 queued, s2 queued | ", later);
    check("conflict", "attempt_lost", None, "running s1 queued, s2 queued | ", later);
    // Whether anything was reserved isn't known: the same attempt, under the same token.
    check("offline", "offline", None, "running s1 starting, s2 queued | ", "start s1 1, start s2 1");
    check("conflict", "in_progress", None, "running s1 starting, s2 queued | ", "start s1 1, start s2 1");
    check("not_found", "not_found", None, "running s1 failed, s2 queued | start s2 1", "start s2 1");
    check("invalid_request", "invalid_request", None, "running s1 failed, s2 queued | start s2 1", "start s2 1");
}

#[test]
fn denials_in_a_row_are_ever_further_apart() {
    let mut run = run(&jobs(1));
    let mut now = NOW;
    let mut pauses = Vec::new();
    for attempt in 1..=9 {
        let begun = now;
        take(
            &mut run,
            vec![starting("s1", attempt), refused("s1", attempt, "burst", Then::Later { after_ms: None })],
            now,
        )
        .unwrap();
        while planned(&run, now).is_empty() {
            now = now.plus(1_000);
        }
        pauses.push(now.since(begun) / 1_000);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn a_paused_run_is_continued_with_another_attempt() {
    let mut run = run(&jobs(2));
    let mut kinds = take(&mut run, vec![starting("s1", 1), started("s1", 1), starting("s2", 1)], NOW).unwrap();
    kinds.extend(take(&mut run, vec![refused("s2", 1, "monthly_cap", Then::Pause)], NOW).unwrap());
    assert_eq!((kinds, run.status), (vec!["run.paused"], Status::Paused));
    assert_eq!(show(&run)["pause"], json!({"code": "monthly_cap", "message": "No."}));
    assert_eq!(planned(&run, NOW), "look s1 1 true", "what runs goes on");
    take(&mut run, vec![done("s1", 1, json!(1))], NOW).unwrap();
    assert_eq!(run.status, Status::Paused);
    take(&mut run, vec![go_on(&json!([]), &[])], NOW).unwrap();
    assert_eq!((run.status, planned(&run, NOW).as_str()), (Status::Running, "start s2 2"));
    assert_eq!(show(&run)["pause"], Json::Null);
    // Paused again, it is told again.
    take(&mut run, vec![starting("s2", 2)], NOW).unwrap();
    let again = apply(&mut run, refused("s2", 2, "monthly_cap", Then::Pause), NOW).unwrap();
    assert_eq!(again[0].subject, "run_1/pause/2");
}

#[test]
fn a_start_that_was_cut_off_is_found_or_made_again() {
    let mut cut = run(&jobs(2));
    take(&mut cut, vec![starting("s1", 1)], NOW).unwrap();
    // The next driver asks to begin again, with the same id: it finds the job, or begins it.
    assert_eq!(planned(&cut, NOW), "start s1 1, start s2 1");
    take(&mut cut, vec![starting("s1", 1), started("s1", 1)], NOW).unwrap();
    assert_eq!(steps(&cut), "s1 running, s2 queued");

    // Meanwhile paused, or over: it is only looked for.
    let mut paused = run(&jobs(2));
    take(&mut paused, vec![starting("s1", 1), starting("s2", 1), refused("s2", 1, "cap", Then::Pause)], NOW).unwrap();
    assert_eq!(planned(&paused, NOW), "look s1 1 false");
    assert_eq!(apply(&mut paused, starting("s1", 1), NOW), Err(Refused::NotNow));
    let mut found = paused.clone();
    take(&mut found, vec![started("s1", 1)], NOW).unwrap();
    assert_eq!(steps(&found), "s1 running, s2 queued");
    let missing = || Fact::JobMissing { step: "s1".into(), attempt: 1 };
    take(&mut paused, vec![missing(), go_on(&json!([]), &[])], NOW).unwrap();
    assert_eq!(planned(&paused, NOW), "start s1 1, start s2 2");

    let mut over = run(&jobs(1));
    take(&mut over, vec![starting("s1", 1), Fact::Cancel], NOW).unwrap();
    assert_eq!((planned(&over, NOW).as_str(), over.is_settled()), ("look s1 1 false", false));
    take(&mut over, vec![missing()], NOW).unwrap();
    assert_eq!(steps(&over), "s1 cancelled");
}

#[test]
fn what_is_said_of_an_earlier_attempt_changes_nothing() {
    let mut run = run(&jobs(2));
    take(&mut run, vec![starting("s1", 1), started("s1", 1), failed("s1", 1), go_on(&json!([]), &["s1"])], NOW)
        .unwrap();
    take(&mut run, vec![starting("s1", 2)], NOW).unwrap();
    let begun = run.clone();
    for then in [Then::Pause, Then::Fail, Then::Again { after_ms: None }, Then::Later { after_ms: None }] {
        assert_eq!(apply(&mut run, refused("s1", 1, "late", then), NOW), Ok(vec![]));
        assert_eq!(run, begun, "{then:?}");
    }
    take(&mut run, vec![started("s1", 2)], NOW).unwrap();
    let before = run.clone();
    let missing = |attempt| Fact::JobMissing { step: "s1".into(), attempt };
    for stale in [
        started("s1", 1),
        done("s1", 1, json!("old")),
        failed("s1", 1),
        refused("s1", 1, "burst", Then::Pause),
        refused("s1", 2, "burst", Then::Pause),
        missing(1),
        done("s1", 3, json!("never")),
        done("s2", 0, json!("never begun")),
        done("nobody", 1, json!(0)),
        Fact::Told { subject: "nothing".into() },
        Fact::Expired,
    ] {
        assert_eq!(apply(&mut run, stale.clone(), NOW), Ok(vec![]), "{stale:?}");
        assert_eq!(run, before, "{stale:?}");
    }
    assert_eq!(apply(&mut run, starting("s1", 1), NOW), Err(Refused::NotNow));
    take(&mut run, vec![done("s1", 2, json!("new"))], NOW).unwrap();
    let after = run.clone();
    assert_eq!(apply(&mut run, done("s1", 2, json!("twice")), NOW), Ok(vec![]));
    assert_eq!(apply(&mut run, failed("s1", 2), NOW), Ok(vec![]));
    assert_eq!(run, after);
}
