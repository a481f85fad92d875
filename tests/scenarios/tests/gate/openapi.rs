//! API-1: what `/v1/openapi.json` says there is, is there: every path with its methods, and no other method.

use std::collections::BTreeSet;

use scenarios::{Gate, Value};

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "PATCH", "DELETE"];

/// Asked by a stranger, who is told little; but whether there is such a route and what it takes is no secret.
#[test]
fn api_1_every_documented_route_is_there_and_takes_what_it_says() {
    let stranger = Gate::shared().stranger();
    let document = stranger.get("/v1/openapi.json").expect(200);
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 50, "{}", paths.len());
    let wrong: Vec<String> = paths.iter().flat_map(|(path, item)| check(path, item)).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

fn check(path: &str, item: &Value) -> Vec<String> {
    let stranger = Gate::shared().stranger();
    let documented: BTreeSet<&str> =
        METHODS.into_iter().filter(|method| item.get(method.to_lowercase()).is_some()).collect();
    let real = concrete(path);
    let mut wrong = Vec::new();
    for method in METHODS {
        let answer = stranger.call(method, &real).bytes("application/json", "{}").send();
        let nothing = answer.status == 404 && answer.text().contains("There is nothing at this");
        if documented.contains(method) && (answer.status == 405 || nothing) {
            wrong.push(format!("{method} {path}: {}", answer.status));
        }
        if documented.contains(method) {
            continue;
        }
        // Some name it beside GET, which says it all.
        let named = answer.header("allow").unwrap_or_default().split(", ").filter(|method| *method != "HEAD");
        let allow: BTreeSet<&str> = named.collect();
        if answer.status != 405 || allow != documented {
            wrong.push(format!("{method} {path}: {}, allowed are {allow:?}", answer.status));
        }
    }
    wrong
}

/// The path with something in place of each parameter.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{level}" => "0",
        "{month}" => "2026-01",
        part if part.starts_with('{') => "x1",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
