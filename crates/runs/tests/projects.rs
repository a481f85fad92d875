//! Recipes are checked when they are written down, and an error names the field.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

use runs::Project;
use serde_json::{Value as Json, json};

fn good() -> Json {
    json!({
        "title": "Clips", "description": "From an idea to clips.",
        "steps": [
            {"id": "ideate", "provider": "kie", "kind": "text", "input": {"topic": {"$from": "/input/topic"}}},
            {"id": "pick", "gate": {"title": "Which?", "expires_in_s": 60}, "after": ["ideate"]},
            {"id": "clips", "kind": "video", "each": "/input/scenes", "after": ["pick"], "optional": true,
             "input": {"scene": {"$from": "/item"}, "idea": {"$from": "/steps/ideate/result/0/a~1b"}}},
            {"id": "cut", "kind": "edit", "after": ["clips"],
             "input": {"all": {"$from": "/steps/clips/result"}, "first": [{"$from": "/steps/clips.1/result"}]}},
        ],
    })
}

#[test]
fn a_recipe_is_shown_as_it_was_written_and_kept() {
    let project = Project::parse("clips", &good()).unwrap();
    let kept: Project = serde_json::from_str(&serde_json::to_string(&project).unwrap()).unwrap();
    assert_eq!(kept, project);
    let shown = project.show();
    assert_eq!(shown["steps"][0]["input"], good()["steps"][0]["input"]);
    assert_eq!(shown["steps"][1]["gate"], good()["steps"][1]["gate"]);
    assert_eq!(Project::parse("clips", &shown).unwrap(), project, "what is shown can be put back");
    let mut plain = good();
    plain["title"] = Json::Null;
    plain["steps"][1]["gate"] = json!({"title": "Which?"});
    let plain = Project::parse("clips", &plain).unwrap();
    assert_eq!((plain.title.as_str(), &plain.show()["steps"][1]["gate"]["expires_in_s"]), ("clips", &json!(86_400)));
}

#[test]
fn an_error_names_the_field() {
    let check = |pointer: &str, value: Json, param: &str| {
        let mut body = good();
        match (pointer.rsplit_once('/'), pointer) {
            (_, "") => body = value,
            (Some((at, field)), _) => {
                let place = body.pointer_mut(at).unwrap();
                match (place, field.parse::<usize>()) {
                    (Json::Array(values), Ok(i)) if i < values.len() => values[i] = value,
                    (Json::Array(values), _) => values.push(value),
                    (place, _) => place[field] = value,
                }
            }
            (None, _) => unreachable!(),
        }
        let fault = Project::parse("clips", &body).expect_err(&format!("{pointer} {param}"));
        assert_eq!(fault.param, param, "{pointer}: {fault}");
    };
    check("", json!([]), "body");
    check("", json!({"title": "x"}), "steps");
    check("/steps", json!([]), "steps");
    check("/steps", json!({}), "steps");
    check("/steps", (0..101).map(|i| json!({"id": format!("s{i}"), "kind": "k"})).collect(), "steps");
    check("/title", json!("x".repeat(201)), "title");
    check("/title", json!(7), "title");
    check("/description", json!("x".repeat(2_001)), "description");
    check("/id", json!("other"), "id");
    check("/colour", json!("red"), "colour");
    check("/steps/0", json!("ideate"), "steps[0]");
    check("/steps/0/id", Json::Null, "steps[0].id");
    for id in ["", "A", "a.b", &"a".repeat(65)] {
        check("/steps/0/id", json!(id), "steps[0].id");
    }
    check("/steps/3/id", json!("ideate"), "steps[3].id");
    check("/steps/0/kind", Json::Null, "steps[0].kind");
    check("/steps/0/kind", json!(""), "steps[0].kind");
    check("/steps/0/kind", json!("k".repeat(101)), "steps[0].kind");
    check("/steps/0/provider", json!("Kie!"), "steps[0].provider");
    check("/steps/0/input", json!([]), "steps[0].input");
    check("/steps/0/optional", json!("yes"), "steps[0].optional");
    check("/steps/0/when", json!("now"), "steps[0].when");
    check("/steps/0/after", json!("x"), "steps[0].after");
    check("/steps/3/after", json!([7]), "steps[3].after[0]");
    check("/steps/3/after", json!(["clips", "nobody"]), "steps[3].after[1]");
    check("/steps/3/after", json!(["clips", "clips.1"]), "steps[3].after[1]");
    check("/steps/3/after", json!(["clips", "cut"]), "steps[3].after[1]");
    check("/steps/0/after", json!(["cut"]), "steps[0].after[0]");
    check("/steps/0/each", json!("/steps/pick/result"), "steps[0].each");
    check("/steps/0/each", json!("input"), "steps[0].each");
    check("/steps/0/each", json!("/input/a~2"), "steps[0].each");
    for wrong in [
        json!({"$from": "/item"}),
        json!({"$from": "/item/x"}),
        json!({"$from": "/steps/cut/result"}),
        json!({"$from": "/steps/ideate/result"}),
        json!({"$from": "/steps/nobody/result"}),
        json!({"$from": "/inputs"}),
        json!({"$from": "input"}),
        json!({"$from": ""}),
        json!({"$from": 7}),
        json!({"$from": "/input", "else": 0}),
        json!({"$from": "/input/~"}),
    ] {
        check("/steps/0/input/topic", wrong.clone(), "steps[0].input");
        check("/steps/0/input/topic", json!([{"deep": wrong}]), "steps[0].input");
    }
    for wrong in ["/steps/clips", "/steps/clips/results", "/steps/clips/resultx", "/steps/pick.1/result", "/steps"] {
        check("/steps/3/input/all", json!({"$from": wrong}), "steps[3].input");
    }
    check("/steps/1/gate", json!("Which?"), "steps[1].gate");
    check("/steps/1/gate/title", json!(""), "steps[1].gate.title");
    check("/steps/1/gate/title", Json::Null, "steps[1].gate.title");
    check("/steps/1/gate/title", json!("x".repeat(201)), "steps[1].gate.title");
    check("/steps/1/gate/who", json!("me"), "steps[1].gate.who");
    for seconds in [json!(59), json!(604_801), json!(-60), json!(60.5), json!("60")] {
        check("/steps/1/gate/expires_in_s", seconds, "steps[1].gate.expires_in_s");
    }
    check("/steps/1/kind", json!("video"), "steps[1].kind");
    check("/steps/1/optional", json!(true), "steps[1].optional");
    check("/steps/0/input/topic", json!("x".repeat(256 * 1024)), "steps");
    let deep = (0..70).fold(json!(0), |inner, _| json!([inner]));
    check("/steps/0/input/topic", deep, "steps");
    assert_eq!(Project::parse("Clips", &good()).expect_err("a capital").param, "id");
}

#[test]
fn the_bounds_are_exact() {
    let check = |body: Json| drop(Project::parse("clips", &body).unwrap());
    check(json!({"title": "ü".repeat(200), "steps": [{"id": "a".repeat(64), "kind": "k".repeat(100)}]}));
    check(json!({"steps": (0..100).map(|i| json!({"id": format!("s{i}"), "kind": "k"})).collect::<Json>()}));
    check(json!({"steps": [{"id": "g", "gate": {"title": "t", "expires_in_s": 604_800}}]}));
    // The list of the inputs, the object, its entry with a name of one byte, and the text by itself.
    let besides = (64 + 128) + (64 + 256) + (96 + 1) + 64;
    check(json!({"steps": [{"id": "a", "kind": "k", "input": {"a": "x".repeat(256 * 1024 - besides)}}]}));
    let over = json!({"steps": [{"id": "a", "kind": "k", "input": {"a": "x".repeat(256 * 1024 - besides + 1)}}]});
    assert_eq!(Project::parse("clips", &over).expect_err("too large").param, "steps");
}

#[test]
fn a_large_circle_is_found_quickly() {
    // Each waits for all before it, and the first for the last.
    let all: Vec<String> = (0..100).map(|i| format!("s{i}")).collect();
    let mut steps: Vec<Json> = (0..100).map(|i| json!({"id": all[i], "kind": "k", "after": all[..i]})).collect();
    Project::parse("clips", &json!({"steps": steps})).unwrap();
    steps[0]["after"] = json!(["s99"]);
    assert_eq!(Project::parse("clips", &json!({"steps": steps})).expect_err("a circle").param, "steps[0].after[0]");
}

#[test]
fn a_body_that_would_be_large_in_memory_is_not_parsed() {
    let check = |text: &str, good: bool| {
        let checked = runs::check_body(text.as_bytes());
        assert_eq!(checked.is_ok(), good, "{} bytes: {checked:?}", text.len());
    };
    let steps: Json =
        (0..100).map(|i| json!({"id": format!("s{i}"), "kind": "k", "input": {"a": {"b": [1]}}})).collect();
    check(&json!({"steps": steps, "input": {"text": "x".repeat(200_000)}}).to_string(), true);
    // Marks in a text are text, behind an escaped quote too.
    check(&json!("{[,:\"{[,:\\".repeat(20_000)).to_string(), true);
    for part in [r#"{"a":1},"#, "0,", "[],", r#""","#, "[[[[[["] {
        check(&part.repeat(100_000), false);
    }
}
