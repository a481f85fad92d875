//! Gates: one at a time, decided once, by a link that is good for one opening.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use calendar::Millis;
use common::{MAC, NOW, at, decide, failed, go_on, link, perform, run, starting, steps, take};
use runs::{Action, Approval, Decision, Fact, Refused, Run, Standing, Status, apply, plan, show, standing};
use serde_json::{Value as Json, json};

fn two_gates() -> Run {
    run(&json!([
        {"id": "a", "gate": {"title": "First?", "expires_in_s": 60}},
        {"id": "b", "gate": {"title": "Second?", "expires_in_s": 60}},
        {"id": "c", "kind": "k", "after": ["a"]},
    ]))
}

#[test]
fn a_token_is_taken_apart_strictly() {
    let gate = two_gates().pending().unwrap();
    let token = gate.token(MAC);
    assert_eq!(token, format!("run_1.a.1.{}.{MAC}", at(60).0));
    let link = Approval::parse(&token).unwrap();
    assert_eq!((link.run.as_str(), link.gate.as_str(), link.round, link.expires_at), ("run_1", "a", 1, at(60)));
    assert_eq!((link.purpose(), link.mac.as_str()), (gate.purpose(), MAC));
    assert_eq!(gate.purpose(), format!("approval/run_1/a/1/{}", at(60).0));
    let check = |text: &str| assert_eq!(Approval::parse(text), None, "{text:?}");
    let parts = |run: &str, gate: &str, round: &str, expires: &str, mac: &str| {
        check(&format!("{run}.{gate}.{round}.{expires}.{mac}"));
    };
    for run in ["", "run", "run_", "run_1/2", "Run_1", "run_1%", &format!("run_{}", "a".repeat(65))] {
        parts(run, "a", "1", "5", MAC);
    }
    for gate in ["", "A", "a/b", "ä", &"a".repeat(65)] {
        parts("run_1", gate, "1", "5", MAC);
    }
    for number in ["", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3", "99999999999999999999999", "١"] {
        parts("run_1", "a", number, "5", MAC);
        parts("run_1", "a", "1", number, MAC);
    }
    parts("run_1", "a", "4294967296", "5", MAC);
    for mac in ["", &MAC[1..], &format!("{MAC}0"), &MAC.to_uppercase(), &MAC.replace('f', "g")] {
        parts("run_1", "a", "1", "5", mac);
    }
    check(&token[..token.len() - 65]);
    check(&format!("{token}."));
    check(&format!(".{token}"));
    check("");
}

#[test]
fn gates_open_one_by_one_and_a_decision_is_final() {
    let mut run = two_gates();
    assert_eq!((run.status, steps(&run).as_str()), (Status::Waiting, "a waiting, b blocked, c blocked"));
    let first = run.pending().unwrap();
    assert_eq!(show(&run)["gate"], json!({"id": "a", "title": "First?", "expires_at": at(60).to_string()}));
    assert_eq!(standing(&run, &link(&first), at(59)), Standing::Open);
    let second = apply(&mut run, decide(&first, Decision::Approve), at(5)).unwrap();
    assert_eq!((second[0].kind.name(), second[0].subject.as_str()), ("run.waiting", "run_1/gate/b/1"));
    assert_eq!(second[0].data(&run)["gate"]["expires_at"], at(65).to_string(), "its time counts from its opening");
    assert_eq!(steps(&run), "a approved, b waiting, c queued");
    for decision in [Decision::Approve, Decision::Reject] {
        assert_eq!(apply(&mut run, decide(&first, decision), at(6)), Err(Refused::Decided));
    }
    assert_eq!(standing(&run, &link(&first), at(99)), Standing::Decided { decision: Decision::Approve, at: at(5) });
    let said = json!({"decision": "approve", "comment": "fine", "decided_at": at(5).to_string()});
    assert_eq!(show(&run)["steps"][0]["result"], said);
}

#[test]
fn a_rejection_fails_the_run_at_once_and_may_be_asked_again() {
    let mut run = two_gates();
    let first = run.pending().unwrap();
    assert_eq!(take(&mut run, vec![decide(&first, Decision::Reject)], at(1)), Ok(vec!["run.failed"]));
    assert_eq!(steps(&run), "a rejected, b cancelled, c cancelled");
    assert_eq!(show(&run)["error"], json!({"code": "rejected", "message": "fine"}));
    assert_eq!(apply(&mut run, decide(&first, Decision::Approve), at(2)), Err(Refused::Decided));
    assert_eq!(apply(&mut run, go_on(&json!([]), &[]), at(2)), Err(Refused::RunOver));
    take(&mut run, vec![go_on(&json!([]), &["a"])], at(3)).unwrap();
    assert_eq!(steps(&run), "a waiting, b blocked, c blocked");
    assert_eq!(standing(&run, &link(&first), at(4)), Standing::Expired, "the old link is dead");
    let again = run.pending().unwrap();
    assert_eq!((again.round, again.expires_at), (2, at(63)));
    take(&mut run, vec![decide(&again, Decision::Approve)], at(4)).unwrap();
}

#[test]
fn the_reason_names_all_that_stands_in_the_way_and_nothing_else() {
    let mut run = run(&json!([
        {"id": "o", "kind": "k", "optional": true},
        {"id": "s", "kind": "k"},
        {"id": "g", "gate": {"title": "?"}},
    ]));
    take(&mut run, vec![starting("o", 1), failed("o", 1), starting("s", 1), failed("s", 1)], at(1)).unwrap();
    let gate = run.pending().unwrap();
    take(&mut run, vec![decide(&gate, Decision::Reject), go_on(&json!([]), &["s"])], at(2)).unwrap();
    assert_eq!(steps(&run), "o failed, s queued, g rejected", "the gate isn't asked again");
    assert_eq!(take(&mut run, vec![starting("s", 2), failed("s", 2)], at(3)), Ok(vec!["run.failed"]));
    assert_eq!(show(&run)["error"], json!({"code": "step_failed", "message": "Failed: s, g."}));
}

#[test]
fn an_undecided_gate_pauses_the_run_until_it_is_continued() {
    let mut run = two_gates();
    let first = run.pending().unwrap();
    assert!(!plan(&run, at(59)).contains(&Action::Expire));
    assert!(plan(&run, at(60)).contains(&Action::Expire));
    assert_eq!(apply(&mut run.clone(), decide(&first, Decision::Approve), at(60)), Err(Refused::LinkExpired));
    assert_eq!(standing(&run, &link(&first), at(60)), Standing::Expired, "whether or not that was noted");
    let mut continued = run.clone();
    assert_eq!(take(&mut run, vec![Fact::Expired], at(60)), Ok(vec!["run.paused"]));
    assert_eq!((run.status, show(&run)["pause"]["code"].as_str()), (Status::Paused, Some("gate_expired")));
    assert_eq!((steps(&run).as_str(), run.pending()), ("a blocked, b blocked, c blocked", None));
    assert!(!plan(&run, at(9_999)).contains(&Action::Expire));
    assert_eq!(standing(&run, &link(&first), at(61)), Standing::Expired);
    assert_eq!(take(&mut run, vec![go_on(&json!([]), &[])], at(100)), Ok(vec!["run.waiting"]));
    let gate = run.pending().unwrap();
    assert_eq!((gate.round, gate.expires_at), (2, at(160)));
    // Continued in the moment in which it would have expired: it has expired first.
    assert_eq!(take(&mut continued, vec![go_on(&json!([]), &[])], at(60)), Ok(vec!["run.paused", "run.waiting"]));
    assert_eq!(continued.pending().unwrap().round, 2);
}

#[test]
fn links_of_other_runs_gates_and_times_are_turned_away() {
    let mut run = two_gates();
    let gate = run.pending().unwrap();
    let check = |change: &dyn Fn(&mut Approval), wanted: Standing, refused: Refused| {
        let mut link = link(&gate);
        change(&mut link);
        assert_eq!(standing(&run, &link, at(1)), wanted);
        let fact = Fact::Decided { link, decision: Decision::Approve, comment: String::new() };
        assert_eq!(apply(&mut run.clone(), fact, at(1)), Err(refused));
    };
    check(&|link| link.run = "run_2".into(), Standing::Unknown, Refused::NoGate);
    check(&|link| link.gate = "nobody".into(), Standing::Unknown, Refused::NoGate);
    check(&|link| link.gate = "c".into(), Standing::Unknown, Refused::NoGate);
    check(&|link| link.gate = "b".into(), Standing::Expired, Refused::LinkExpired);
    check(&|link| link.round = 2, Standing::Expired, Refused::LinkExpired);
    check(&|link| link.expires_at = Millis(link.expires_at.0 + 1), Standing::Expired, Refused::LinkExpired);
    let long = Fact::Decided { link: link(&gate), decision: Decision::Approve, comment: "x".repeat(2_001) };
    assert!(matches!(apply(&mut run.clone(), long, at(1)), Err(Refused::Invalid(fault)) if fault.param == "comment"));
    take(&mut run, vec![Fact::Cancel], at(1)).unwrap();
    assert_eq!(standing(&run, &link(&gate), at(2)), Standing::RunOver);
    assert_eq!(apply(&mut run, decide(&gate, Decision::Approve), at(2)), Err(Refused::RunOver));
}

#[test]
fn a_gate_may_be_decided_while_the_run_is_paused_but_none_opens() {
    let mut run = run(&json!([
        {"id": "s", "kind": "k"},
        {"id": "a", "gate": {"title": "?"}},
        {"id": "b", "gate": {"title": "?"}, "after": ["a"]},
    ]));
    let gate = run.pending().unwrap();
    let cap = common::refused("s", 1, "cap", runs::Then::Pause);
    take(&mut run, vec![starting("s", 1), cap], at(1)).unwrap();
    assert_eq!((run.status, &show(&run)["gate"]["id"]), (Status::Paused, &json!("a")));
    take(&mut run, vec![decide(&gate, Decision::Approve)], at(2)).unwrap();
    assert_eq!((run.status, steps(&run).as_str()), (Status::Paused, "s queued, a approved, b blocked"));
    take(&mut run, vec![go_on(&json!([]), &[])], at(3)).unwrap();
    assert_eq!((run.status, steps(&run).as_str()), (Status::Waiting, "s queued, a approved, b waiting"));
}

#[test]
fn a_decision_can_be_pointed_to_and_steps_added_to_what_is_there() {
    let mut run = two_gates();
    let gate = run.pending().unwrap();
    take(&mut run, vec![decide(&gate, Decision::Approve)], at(1)).unwrap();
    perform(&mut run, "c", 1, json!({"scenes": ["x", "y"]}));
    let more = json!([
        {"id": "d", "kind": "k", "each": "/steps/c/result/scenes", "input": {"s": {"$from": "/item"},
         "why": {"$from": "/steps/a/result/comment"}}},
        {"id": "e", "kind": "k", "after": ["d", "d2", "c"]},
        {"id": "d2", "kind": "k", "input": {"x": {"$from": "/steps/c/result/none"}}},
    ]);
    take(&mut run, vec![go_on(&more, &[])], at(2)).unwrap();
    assert_eq!(steps(&run), "a approved, b waiting, c done, d.1 queued, d.2 queued, e blocked, d2 failed",);
    let input = runs::expand(&run, run.step("d.2").unwrap()).unwrap();
    assert_eq!(Json::Object(input), json!({"s": "y", "why": "fine"}));
    let check = |steps: Json, wanted: &str| {
        let fault = apply(&mut run.clone(), go_on(&steps, &[]), at(3)).unwrap_err();
        assert_eq!(fault.to_string(), wanted);
    };
    check(json!([{"id": "c", "kind": "k"}]), "steps[0].id is another step's");
    check(json!([{"id": "d", "kind": "k"}]), "steps[0].id is another step's");
    check(json!([{"id": "x", "kind": "k", "after": ["d.3"]}]), "steps[0].after[0] names no step");
    check(
        json!([{"id": "x", "kind": "k", "each": "/steps/e/result"}]),
        "steps[0].each must lead to a list; there is nothing at /steps/e/result",
    );
    take(&mut run, vec![go_on(&json!([{"id": "f", "kind": "k", "after": ["d.2"]}]), &[])], at(3)).unwrap();
    assert!(steps(&run).ends_with("f blocked"));
}

#[test]
fn a_run_of_gates_alone_is_done_when_they_are() {
    let mut run = run(&json!([{"id": "a", "gate": {"title": "?"}}]));
    assert_eq!(
        run.untold().iter().map(|notice| notice.kind.name()).collect::<Vec<_>>(),
        ["run.started", "run.waiting"]
    );
    let gate = run.pending().unwrap();
    assert_eq!(take(&mut run, vec![decide(&gate, Decision::Approve)], at(1)), Ok(vec!["run.done"]));
    assert_eq!(show(&run)["result"], json!({"results": {}, "artifacts": {}}));
    assert_eq!(apply(&mut run, Fact::Cancel, NOW), Err(Refused::RunOver));
    let again = apply(&mut run, go_on(&json!([{"id": "x", "kind": "k"}]), &[]), NOW);
    assert_eq!(again, Err(Refused::RunOver));
    assert_eq!(take(&mut run, vec![failed("a", 1)], NOW), Ok(vec![]));
}

/// An optional step, what passes it by, and a gate behind.
fn passed_by() -> Run {
    let mut run = run(&json!([
        {"id": "o", "kind": "k", "optional": true},
        {"id": "p", "kind": "k", "after": ["o"]},
        {"id": "g", "gate": {"title": "Without o?"}, "after": ["p"]},
        {"id": "x", "kind": "k", "after": ["g"]},
        {"id": "y", "kind": "k", "after": ["p"]},
        {"id": "h", "gate": {"title": "And so?"}, "after": ["x"]},
    ]));
    take(&mut run, vec![starting("o", 1), failed("o", 1)], at(1)).unwrap();
    perform(&mut run, "p", 1, json!(1));
    run
}

#[test]
fn a_gate_behind_a_step_that_is_tried_again_is_asked_again() {
    let run = passed_by();
    assert_eq!(steps(&run), "o failed, p done, g waiting, x blocked, y queued, h blocked");
    let open = run.pending().unwrap();
    let mut approved = run.clone();
    take(&mut approved, vec![decide(&open, Decision::Approve)], at(2)).unwrap();
    assert_eq!(steps(&approved), "o failed, p done, g approved, x queued, y queued, h blocked");
    for mut run in [run, approved] {
        take(&mut run, vec![go_on(&json!([]), &["o"])], at(3)).unwrap();
        assert_eq!(steps(&run), "o queued, p done, g blocked, x blocked, y blocked, h blocked", "nothing overtakes it");
        assert_eq!(run.step("g").unwrap().result, None);
        assert_eq!(standing(&run, &link(&open), at(3)), Standing::Expired, "the old link is dead");
        for decision in [Decision::Approve, Decision::Reject] {
            assert_eq!(apply(&mut run, decide(&open, decision), at(3)), Err(Refused::LinkExpired));
        }
        perform(&mut run, "o", 2, json!(1));
        assert_eq!(steps(&run), "o done, p done, g waiting, x blocked, y queued, h blocked");
        let again = run.pending().unwrap();
        assert!(again.round > open.round);
        assert_eq!(standing(&run, &link(&open), at(4)), Standing::Expired);
        take(&mut run, vec![decide(&again, Decision::Approve)], at(4)).unwrap();
        assert_eq!(steps(&run), "o done, p done, g approved, x queued, y queued, h blocked");
    }
}

#[test]
fn an_approval_that_something_has_begun_by_stays() {
    let mut run = passed_by();
    let gate = run.pending().unwrap();
    take(&mut run, vec![decide(&gate, Decision::Approve)], at(2)).unwrap();
    take(&mut run, vec![starting("x", 1), common::started("x", 1)], at(3)).unwrap();
    take(&mut run, vec![go_on(&json!([]), &["o"])], at(4)).unwrap();
    assert_eq!(steps(&run), "o queued, p done, g approved, x running, y blocked, h blocked");
    take(&mut run, vec![common::done("x", 1, json!(1))], at(5)).unwrap();
    assert_eq!(steps(&run), "o queued, p done, g approved, x done, y blocked, h blocked", "the second gate waits too");
    // It may fail again: it is optional still.
    take(&mut run, vec![starting("o", 2), failed("o", 2)], at(6)).unwrap();
    assert_eq!(steps(&run), "o failed, p done, g approved, x done, y queued, h waiting");
    take(&mut run, vec![go_on(&json!([]), &["o"])], at(7)).unwrap();
    assert_eq!(steps(&run), "o queued, p done, g approved, x done, y blocked, h blocked", "nothing has begun by h");
}
