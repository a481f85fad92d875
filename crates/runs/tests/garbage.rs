//! Whatever is sent, parsers refuse or understand it, and never give up. Random, with the same seed each time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use common::{MAC, NOW, at, go_on, perform, run_with};
use runs::{Approval, Project, StepStatus, apply, expand};
use serde_json::{Map, Value as Json, json};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

#[test]
fn a_token_is_refused_or_printed_as_it_came() {
    let good = format!("run_1.look.1.{}.{MAC}", NOW.0);
    let pieces = ["", ".", "0", "01", "run_", "é", "\0", "%2e", "-1", " ", "f", "G", "18446744073709551616", "💥"];
    let mut random = Random(1);
    let mut understood = 0;
    for _ in 0..50_000 {
        let mut text: Vec<char> = good.chars().collect();
        for _ in 0..=random.below(2) {
            let (from, to) = (random.below(text.len() + 1), random.below(6));
            let end = (from + to.saturating_sub(3)).min(text.len());
            text.splice(from..end, random.pick(&pieces).chars());
        }
        let text: String = text.into_iter().collect();
        if let Some(link) = Approval::parse(&text) {
            understood += 1;
            let Approval { run, gate, round, expires_at, mac } = link;
            assert_eq!(format!("{run}.{gate}.{round}.{}.{mac}", expires_at.0), text);
        }
    }
    assert!(understood > 1_000, "{understood}");
}

#[test]
fn a_recipe_of_anything_is_refused_or_can_be_put_again() {
    let mut random = Random(2);
    let mut understood = 0;
    for _ in 0..20_000 {
        let steps: Json = (0..random.below(4)).map(|_| step(&mut random)).collect();
        let body = if random.below(20) == 0 { anything(&mut random, 3) } else { json!({"steps": steps}) };
        match Project::parse("p", &body) {
            Ok(project) => {
                understood += 1;
                assert_eq!(Project::parse("p", &project.show()), Ok(project));
            }
            Err(fault) => assert!(!fault.param.is_empty() && !fault.message.is_empty()),
        }
    }
    assert!(understood > 500, "{understood}");
}

fn step(random: &mut Random) -> Json {
    let mut fields = Map::new();
    for (name, often) in [
        ("id", 30),
        ("kind", 20),
        ("input", 2),
        ("after", 2),
        ("each", 1),
        ("optional", 1),
        ("gate", 1),
        ("provider", 1),
        ("x", 0),
    ] {
        if random.below(30) < often.max(1) {
            let value = match (name, random.below(8)) {
                (_, 0) => anything(random, 3),
                ("id", _) => json!(random.pick(&["a", "b", "c", "d", "e-_9"])),
                ("after", _) => json!([random.pick(&["a", "b", "c"])]),
                ("kind" | "provider", _) => json!("k"),
                ("each", _) => json!(random.pick(&["/input/x", "/input", "/steps/a/result", "x", "/input/~2"])),
                ("input", _) => {
                    json!({"v": {"$from": random.pick(&["/input", "/item", "/steps/a/result/0", "", "~"])}})
                }
                ("optional", _) => json!(true),
                _ => json!({"title": "t", "expires_in_s": 50 + random.below(20)}),
            };
            fields.insert(name.into(), value);
        }
    }
    Json::Object(fields)
}

fn anything(random: &mut Random, depth: usize) -> Json {
    match random.below(if depth == 0 { 6 } else { 8 }) {
        0 => Json::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.below(1_000_000)),
        3 => json!(-1.5e300),
        4 => json!(random.pick(&["", "a", "$from", "/input", "é\u{0}💥", "A b"])),
        5 => json!("x".repeat(random.below(300))),
        6 => (0..random.below(4)).map(|_| anything(random, depth - 1)).collect(),
        _ => {
            let mut fields = Map::new();
            for _ in 0..random.below(4) {
                let name = (*random.pick(&["$from", "id", "a", "", "title", "steps"])).to_owned();
                fields.insert(name, anything(random, depth - 1));
            }
            Json::Object(fields)
        }
    }
}

/// Against another implementation of RFC 6901: serde_json's, over the whole that pointers are said to go into.
#[test]
fn a_pointer_leads_where_the_standard_says() {
    let input = json!({"a": [1, {"b": null}, []], "": {"": 2}, "~": 3, "/": 4, "m~1n": 5, "0": 6});
    let result = json!({"urls": ["u", {"a/b": true}], "result": 7});
    let mut run = run_with(&json!([{"id": "make", "kind": "k"}, {"id": "rest", "kind": "k"}]), input.clone());
    perform(&mut run, "make", 1, result.clone());
    let whole = json!({"input": input, "steps": {"make": {"result": result}}});
    let tokens = [
        "", "a", "0", "1", "2", "-", "01", "+1", "~0", "~1", "~", "~2", "m~01n", "b", "urls", "a~1b", "result",
        "input", "steps", "make", "rest", "item",
    ];
    let mut random = Random(3);
    let mut led = 0;
    for _ in 0..20_000 {
        let start = *random.pick(&["/input", "/steps/make/result", "/steps", "", "/steps/rest/result", "/item"]);
        let pointer: String =
            (0..random.below(4)).fold(start.to_owned(), |all, _| format!("{all}/{}", random.pick(&tokens)));
        let mut grown = run.clone();
        let step = json!([{"id": "use", "kind": "k", "input": {"v": {"$from": pointer}}}]);
        let found = match apply(&mut grown, go_on(&step, &[]), at(1)) {
            Err(_) => None,
            Ok(_) => {
                let step = grown.step("use").unwrap();
                assert!(matches!(step.status, StepStatus::Queued | StepStatus::Failed));
                expand(&grown, step).ok().map(|input| input["v"].clone())
            }
        };
        let good = pointer.starts_with("/input") || pointer.starts_with("/steps/make/result");
        let wanted = whole.pointer(&pointer).filter(|_| good && !has_bad_escape(&pointer)).cloned();
        assert_eq!(found, wanted, "{pointer:?}");
        led += usize::from(found.is_some());
    }
    assert!(led > 1_000, "{led}");
}

/// serde_json takes a tilde that escapes nothing for itself; the standard calls it an error.
fn has_bad_escape(pointer: &str) -> bool {
    pointer.split('~').skip(1).any(|behind| !behind.starts_with(['0', '1']))
}
