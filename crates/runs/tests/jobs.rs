//! Jobs of a run: how many, in which order, and what becomes of the run when they are over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use common::{
    NOW, at, begin, done, failed, go_on, jobs, perform, planned, run, run_with, started, starting, steps, take,
};
use runs::{Fact, Refused, Run, Status, apply, plan, result, show};
use serde_json::{Value as Json, json};

#[test]
fn four_run_at_once_in_the_order_of_the_steps_and_sixteen_wait() {
    let mut full = run(&jobs(20));
    assert_eq!(planned(&full, NOW), "start s1 1, start s2 1, start s3 1, start s4 1");
    for step in ["s1", "s2", "s3", "s4"] {
        take(&mut full, vec![starting(step, 1)], NOW).unwrap();
    }
    assert_eq!(apply(&mut full, starting("s5", 1), NOW), Err(Refused::NotNow));
    assert_eq!(planned(&full, NOW), "start s1 1, start s2 1, start s3 1, start s4 1", "cut off, and begun again");
    take(&mut full, vec![started("s1", 1), started("s2", 1), started("s3", 1), started("s4", 1)], NOW).unwrap();
    assert_eq!(planned(&full, NOW), "look s1 1 true, look s2 1 true, look s3 1 true, look s4 1 true");
    take(&mut full, vec![done("s3", 1, json!({}))], NOW).unwrap();
    assert!(planned(&full, NOW).ends_with("look s4 1 true, start s5 1"));

    assert_eq!(Run::start(begin(&jobs(21), json!({})), NOW), Err(Refused::QueueFull));
    // One is done: there is room for one more.
    let more = |n: usize| go_on(&(0..n).map(|i| json!({"id": format!("m{i}"), "kind": "k"})).collect::<Json>(), &[]);
    let before = full.clone();
    assert_eq!(apply(&mut full, more(2), NOW), Err(Refused::QueueFull));
    assert_eq!(full, before, "nothing is added");
    take(&mut full, vec![more(1)], NOW).unwrap();
    assert_eq!(full.steps.len(), 21);
    assert_eq!(apply(&mut full, go_on(&json!([{"id": "n", "kind": "k"}]), &[]), NOW), Err(Refused::QueueFull));
    // Gates take no place.
    take(&mut full, vec![go_on(&json!([{"id": "g", "gate": {"title": "?"}, "after": ["m0"]}]), &[])], NOW).unwrap();
}

#[test]
fn blocked_steps_count_and_a_retry_does() {
    let chain: Json = (1..=21)
        .map(|i| json!({"id": format!("s{i}"), "kind": "k", "after": if i > 1 { json!([format!("s{}", i - 1)]) } else { json!([]) }}))
        .collect();
    assert_eq!(Run::start(begin(&chain, json!({})), NOW), Err(Refused::QueueFull));
    let mut full = run(&jobs(20));
    take(&mut full, vec![starting("s1", 1), failed("s1", 1)], NOW).unwrap();
    take(&mut full, vec![go_on(&json!([{"id": "m", "kind": "k"}]), &[])], NOW).unwrap();
    assert_eq!(apply(&mut full, go_on(&json!([]), &["s1"]), NOW), Err(Refused::QueueFull));
    let each = json!([{"id": "e", "kind": "k", "each": "/input/all"}]);
    let all = |n: usize| json!({"all": vec![0; n]});
    assert!(Run::start(begin(&each, all(20)), NOW).is_ok());
    assert_eq!(Run::start(begin(&each, all(21)), NOW), Err(Refused::QueueFull));
    assert!(Run::start(begin(&each, all(101)), NOW).unwrap_err().to_string().contains("at most 100"));
}

#[test]
fn a_hundred_steps_in_all() {
    let mut run = run(&jobs(20));
    for round in 0..4_usize {
        let first = round * 20;
        for i in first + 1..=first + 20 {
            perform(&mut run, &format!("s{i}"), 1, json!(i));
            if i == first + 19 {
                let more: Json =
                    (first + 21..=first + 39).map(|i| json!({"id": format!("s{i}"), "kind": "k"})).collect();
                take(&mut run, vec![go_on(&more, &[])], NOW).unwrap();
            }
            if i == first + 20 {
                take(&mut run, vec![go_on(&json!([{"id": format!("s{}", first + 40), "kind": "k"}]), &[])], NOW)
                    .unwrap();
            }
        }
    }
    assert_eq!(run.steps.len(), 100);
    let fault = apply(&mut run, go_on(&json!([{"id": "more", "kind": "k"}]), &[]), NOW).unwrap_err();
    assert_eq!(fault.to_string(), "steps must come to at most 100 steps");
}

#[test]
fn a_failed_step_stops_what_depends_on_it_unless_it_is_optional() {
    let recipe = |optional: bool| {
        json!([
            {"id": "a", "kind": "k", "optional": optional},
            {"id": "b", "kind": "k"},
            {"id": "c", "kind": "k", "after": ["a", "b"], "input": {"a": {"$from": "/steps/a/result"}}},
        ])
    };
    let mut stopped = run(&recipe(false));
    assert_eq!(take(&mut stopped, vec![starting("a", 1), started("a", 1), failed("a", 1)], at(1)), Ok(vec![]));
    assert_eq!((stopped.status, steps(&stopped).as_str()), (Status::Running, "a failed, b queued, c blocked"));
    let end = take(&mut stopped, vec![starting("b", 1), done("b", 1, json!(1))], at(2));
    assert_eq!((end, steps(&stopped).as_str()), (Ok(vec!["run.failed"]), "a failed, b done, c cancelled"));
    let shown = show(&stopped);
    assert_eq!(shown["error"], json!({"code": "step_failed", "message": "Failed: a."}));
    assert_eq!((&shown["ended_at"], &shown["result"]), (&json!(at(2).to_string()), &Json::Null));

    // Tried again, all that was cancelled comes back.
    assert_eq!(apply(&mut stopped, go_on(&json!([]), &[]), at(3)), Err(Refused::RunOver));
    take(&mut stopped, vec![go_on(&json!([]), &["a"])], at(3)).unwrap();
    assert_eq!((stopped.status, steps(&stopped).as_str()), (Status::Running, "a queued, b done, c blocked"));
    assert_eq!((&show(&stopped)["error"], &show(&stopped)["ended_at"]), (&Json::Null, &Json::Null));
    take(&mut stopped, vec![starting("a", 2), failed("a", 2)], at(4)).unwrap();
    assert_eq!(stopped.untold().last().map(|notice| notice.subject.as_str()), Some("run_1/end/2"));

    let mut goes_on = run(&recipe(true));
    take(&mut goes_on, vec![starting("a", 1), failed("a", 1)], at(1)).unwrap();
    perform(&mut goes_on, "b", 1, json!(1));
    perform(&mut goes_on, "c", 1, json!({"artifacts": [{"url": "u"}]}));
    assert_eq!((goes_on.status, steps(&goes_on).as_str()), (Status::Done, "a failed, b done, c done"));
}

#[test]
fn a_retry_names_failed_steps() {
    let recipe = json!([{"id": "e", "kind": "k", "each": "/input/all"}, {"id": "x", "kind": "k"}]);
    let mut run = run_with(&recipe, json!({"all": [1, 2, 3]}));
    perform(&mut run, "e.1", 1, json!(1));
    take(&mut run, vec![starting("e.2", 1), failed("e.2", 1), starting("e.3", 1), failed("e.3", 1)], NOW).unwrap();
    let check = |names: &[&str], wanted: Result<&str, &str>| {
        let mut run = run.clone();
        let found = apply(&mut run, go_on(&json!([]), names), NOW).map(|_| steps(&run)).map_err(|why| why.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), wanted, "{names:?}");
    };
    check(&["e"], Ok("e.1 done, e.2 queued, e.3 queued, x queued"));
    check(&["e.3", "e.3"], Ok("e.1 done, e.2 failed, e.3 queued, x queued"));
    check(&["e", "e.4"], Err("retry[1] names no step of this run"));
    check(&["e", "x"], Err("retry[1] names a step that has not failed"));
    check(&["e.1"], Err("retry[0] names a step that has not failed"));
}

#[test]
fn a_cancelled_run_ends_at_once_and_still_notes_what_comes() {
    let mut run = run(&jobs(6));
    take(&mut run, vec![starting("s1", 1), started("s1", 1), starting("s2", 1), started("s2", 1)], NOW).unwrap();
    assert_eq!(take(&mut run, vec![Fact::Cancel], at(1)), Ok(vec!["run.cancelled"]));
    assert_eq!(take(&mut run, vec![Fact::Cancel], at(2)), Ok(vec![]), "twice is fine");
    let rest = "s3 cancelled, s4 cancelled, s5 cancelled, s6 cancelled";
    assert_eq!(steps(&run), format!("s1 running, s2 running, {rest}"));
    assert_eq!((planned(&run, at(2)).as_str(), run.ended_at), ("look s1 1 true, look s2 1 true", Some(at(1))));
    take(&mut run, vec![done("s1", 1, json!("late")), failed("s2", 1)], at(3)).unwrap();
    assert_eq!((steps(&run), run.status), (format!("s1 done, s2 failed, {rest}"), Status::Cancelled));
    assert_eq!(show(&run)["steps"][0]["result"], "late");
    for retry in [&[][..], &["s2"]] {
        assert_eq!(apply(&mut run, go_on(&json!([]), retry), at(4)), Err(Refused::RunOver));
    }
    assert!(!run.is_settled(), "not all is told");
    for subject in ["run_1", "run_1/end/1"] {
        take(&mut run, vec![Fact::Told { subject: subject.into() }], at(4)).unwrap();
    }
    assert!(run.is_settled() && plan(&run, at(9_000_000)).is_empty());
}

#[test]
fn a_run_is_over_after_seven_days() {
    let mut old = run(&jobs(2));
    take(&mut old, vec![starting("s1", 1), started("s1", 1)], NOW).unwrap();
    let end = NOW.plus(7 * calendar::DAY);
    assert!(!planned(&old, calendar::Millis(end.0 - 1)).contains("expire"));
    assert!(planned(&old, end).contains("expire"));
    let mut late = old.clone();
    assert_eq!(apply(&mut late, go_on(&json!([]), &[]), end), Err(Refused::RunOver));
    assert_eq!(take(&mut old, vec![Fact::Expired], end), Ok(vec!["run.failed"]));
    assert_eq!(
        (show(&old)["error"]["code"].as_str(), steps(&old).as_str()),
        (Some("expired"), "s1 running, s2 cancelled")
    );
    take(&mut old, vec![failed("s1", 1)], end).unwrap();
    assert_eq!(apply(&mut old, go_on(&json!([]), &["s1"]), end), Err(Refused::RunOver), "too old to be revived");
}

#[test]
fn the_result_is_that_of_the_last_jobs_and_all_artifacts() {
    let recipe = json!([
        {"id": "idea", "kind": "k"},
        {"id": "clips", "kind": "k", "each": "/input/all", "after": ["idea"]},
        {"id": "side", "kind": "k", "optional": true},
        {"id": "pick", "gate": {"title": "?"}, "after": ["clips"]},
        {"id": "cut", "kind": "k", "after": ["pick"]},
        {"id": "last", "gate": {"title": "?"}, "after": ["cut"]},
    ]);
    let mut run = run_with(&recipe, json!({"all": [1]}));
    perform(&mut run, "idea", 1, json!({"text": "a", "artifacts": null, "urls": ["i"]}));
    perform(&mut run, "clips.1", 1, json!({"artifacts": ["c"]}));
    perform(&mut run, "side", 1, json!("s"));
    for _ in 0..2 {
        let gate = run.pending().unwrap();
        take(&mut run, vec![common::decide(&gate, runs::Decision::Approve)], NOW).unwrap();
        if run.step("cut").unwrap().status == runs::StepStatus::Queued {
            assert_eq!(result(&run), None);
            perform(&mut run, "cut", 1, json!({"artifacts": ["v"], "n": 1}));
        }
    }
    assert_eq!(run.status, Status::Done);
    let wanted = json!({
        "results": {"side": "s", "cut": {"artifacts": ["v"], "n": 1}},
        "artifacts": {"idea": ["i"], "clips.1": ["c"], "cut": ["v"]},
    });
    assert_eq!(show(&run)["result"], wanted);
}

#[test]
fn what_a_run_keeps_is_bounded_and_readable_again() {
    let deep = |n: usize| (0..n).fold(json!(0), |inner, _| json!([inner]));
    let check = |result: Json, kept: bool| {
        let mut run = run(&jobs(1));
        perform(&mut run, "s1", 1, result);
        let wanted = if kept { "s1 done" } else { "s1 failed" };
        assert_eq!(steps(&run), wanted, "{:?}", run.step("s1").unwrap().error);
        let stored = serde_json::to_vec(&run).unwrap();
        assert_eq!(serde_json::from_slice::<Run>(&stored).unwrap(), run);
    };
    check(Json::Null, true);
    check(json!("x".repeat(64 * 1024 - 64)), true);
    check(json!("x".repeat(64 * 1024 - 63)), false);
    // Small values take many times their text.
    let many = |n: usize| -> Json { (0..n).map(|_| json!({"a": 1})).collect() };
    check(many(100), true);
    check(many(1_000), false);
    check(deep(64), true);
    check(deep(65), false);
    for (n, kept) in [(64, true), (65, false)] {
        let input = (1..n).fold(json!(0), |inner, _| json!({"a": inner}));
        let made = Run::start(begin(&jobs(1), json!({"a": input})), NOW);
        assert_eq!(made.is_ok(), kept, "{n}");
        if let Ok(run) = made {
            assert_eq!(serde_json::from_slice::<Run>(&serde_json::to_vec(&run).unwrap()).unwrap(), run);
        }
    }
    let wide = json!([{"id": "e", "kind": "k", "each": "/input/all", "input": {"a": "x".repeat(60_000)}}]);
    assert!(Run::start(begin(&wide, json!({"all": vec![0; 8]})), NOW).is_ok());
    let fault = Run::start(begin(&wide, json!({"all": vec![0; 9]})), NOW).unwrap_err();
    assert_eq!(fault.to_string(), "steps[0] makes all steps take more than 512 KiB");
}
