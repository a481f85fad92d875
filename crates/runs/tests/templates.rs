//! Inputs are filled in from the run's input, earlier results and the element of `each`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use common::{at, failed, perform, run_with, started, starting, steps, take};
use runs::{Action, expand, plan};
use serde_json::{Value as Json, json};

/// The input of `use`, after `make` has given `result`; or why it failed.
fn filled(input: Json, result: Json) -> Result<Json, String> {
    let recipe = json!([
        {"id": "make", "kind": "k"},
        {"id": "use", "kind": "k", "after": ["make"], "input": input},
    ]);
    let mut run = run_with(&recipe, json!({"a/b": 1, "m~n": 2, "": 3, "list": [10, {"x": null}], "text": "é"}));
    perform(&mut run, "make", 1, result);
    let step = run.step("use").unwrap();
    match &step.error {
        Some(why) => Err(format!("{}: {}", why.code, why.message)),
        None => Ok(Json::Object(expand(&run, step).unwrap())),
    }
}

#[test]
fn pointers_lead_to_values() {
    let check = |pointer: &str, value: Json| {
        let input = json!({"plain": [1, {"deep": {"$from": pointer}}]});
        let wanted = json!({"plain": [1, {"deep": value}]});
        assert_eq!(filled(input, json!({"urls": ["u0", "u1"], "$from": "/input"})), Ok(wanted), "{pointer}");
    };
    check("/input/a~1b", json!(1));
    check("/input/m~0n", json!(2));
    check("/input/", json!(3));
    check("/input/list/1", json!({"x": null}));
    check("/input/list/1/x", Json::Null);
    check("/input/text", json!("é"));
    check("/steps/make/result/urls/1", json!("u1"));
    // What a vendor says isn't searched for pointers.
    check("/steps/make/result", json!({"urls": ["u0", "u1"], "$from": "/input"}));
}

#[test]
fn a_pointer_that_leads_nowhere_fails_the_step_and_is_named() {
    let check = |pointer: &str| {
        let wanted = format!("input_missing: There is nothing at {pointer}.");
        assert_eq!(filled(json!({"x": {"$from": pointer}}), json!({"urls": ["u0"]})), Err(wanted));
    };
    for pointer in [
        "/input/none",
        "/input/list/2",
        "/input/list/-",
        "/input/list/01",
        "/input/list/+1",
        "/input/text/0",
        "/steps/make/result/urls/1",
        "/steps/make/result/urls/0/0",
    ] {
        check(pointer);
    }
}

#[test]
fn what_is_filled_in_is_bounded() {
    // 30 KiB four times is less than 128 KiB; five times is more.
    let big = json!("x".repeat(30 * 1024));
    let times =
        |n: usize| -> Json { json!({"all": (0..n).map(|_| json!({"$from": "/steps/make/result"})).collect::<Json>()}) };
    assert!(filled(times(4), big.clone()).is_ok());
    for n in [5, 400] {
        let why = filled(times(n), big.clone()).expect_err("too large");
        assert_eq!(why, "input_too_large: The input, filled in, must take at most 128 KiB in memory.");
    }
}

#[test]
fn each_makes_one_step_per_element_and_names_their_results_together() {
    let recipe = json!([
        {"id": "clips", "kind": "k", "each": "/input/scenes", "optional": true,
         "input": {"scene": {"$from": "/item/name"}, "whole": {"$from": "/item"}, "no": {"$from": "/input/n"}}},
        {"id": "cut", "kind": "k", "after": ["clips"],
         "input": {"all": {"$from": "/steps/clips/result"}, "second": {"$from": "/steps/clips.2/result/url"}}},
    ]);
    let scenes = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]);
    let mut run = run_with(&recipe, json!({"scenes": scenes, "n": 7}));
    assert_eq!(steps(&run), "clips.1 queued, clips.2 queued, clips.3 queued, cut blocked");
    let second = Json::Object(expand(&run, run.step("clips.2").unwrap()).unwrap());
    assert_eq!(second, json!({"scene": "b", "whole": {"name": "b"}, "no": 7}));
    perform(&mut run, "clips.2", 1, json!({"url": "u2"}));
    perform(&mut run, "clips.3", 1, json!("u3"));
    assert_eq!(steps(&run), "clips.1 queued, clips.2 done, clips.3 done, cut blocked");
    take(&mut run, vec![starting("clips.1", 1), started("clips.1", 1), failed("clips.1", 1)], at(2)).unwrap();
    let [.., Action::Start { step, input, .. }] = &plan(&run, at(2))[..] else { panic!("cut may begin") };
    assert_eq!(step, "cut");
    assert_eq!(Json::Object(input.clone()), json!({"all": [null, {"url": "u2"}, "u3"], "second": "u2"}));
}

#[test]
fn each_over_nothing_is_nothing_to_wait_for_and_over_no_list_is_refused() {
    let recipe = json!([
        {"id": "clips", "kind": "k", "each": "/input/scenes"},
        {"id": "cut", "kind": "k", "after": ["clips"], "input": {"all": {"$from": "/steps/clips/result"}}},
    ]);
    let run = run_with(&recipe, json!({"scenes": []}));
    assert_eq!(steps(&run), "cut queued");
    assert_eq!(Json::Object(expand(&run, run.step("cut").unwrap()).unwrap()), json!({"all": []}));
    for input in [json!({}), json!({"scenes": 3}), json!({"scenes": {"0": 1}}), Json::Null] {
        let fault = runs::Run::start(common::begin(&recipe, input), common::NOW).expect_err("no list");
        assert!(fault.to_string().starts_with("steps[0].each must lead to a list"), "{fault}");
    }
}

#[test]
fn an_optional_step_without_its_input_lets_through_what_waits_for_it() {
    let nothing = json!({"x": {"$from": "/input/none"}});
    let run = run_with(
        &json!([
            {"id": "c", "kind": "k", "after": ["b"]},
            {"id": "b", "kind": "k", "after": ["a"], "optional": true, "input": nothing},
            {"id": "a", "kind": "k", "optional": true, "input": nothing},
        ]),
        json!({}),
    );
    assert_eq!(steps(&run), "c queued, b failed, a failed");
}

#[test]
fn an_element_may_be_null_and_is_still_one_when_read_again() {
    let recipe = json!([{"id": "e", "kind": "k", "each": "/input/all", "input": {"x": {"$from": "/item"}}}]);
    let run = run_with(&recipe, json!({"all": [null, {"n": null}]}));
    let read: runs::Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
    assert_eq!(read, run);
    assert_eq!(Json::Object(expand(&read, read.step("e.1").unwrap()).unwrap()), json!({"x": null}));
}
