//! OPS-1: alerts and dashboard name metrics that there are, and every runbook leads somewhere.

use std::collections::BTreeSet;

use deploy::{leads_somewhere, metrics, text};
use serde_json::Value;

/// What our metrics' names begin with; whatever else stands in an expression is a function, a label or Prometheus' own.
const PREFIXES: [&str; 8] = ["api_", "http_", "process_", "runs_", "tollgate_", "tool_", "webhook_", "agent_"];
const SUFFIXES: [&str; 3] = ["_bucket", "_count", "_sum"];

/// The metrics in a text of expressions.
fn named(expressions: &str) -> BTreeSet<String> {
    let words = expressions.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix))).map(str::to_owned).collect()
}

fn known(name: &str) -> bool {
    metrics().iter().any(|(metric, kind)| {
        metric == name
            || kind == "histogram" && SUFFIXES.iter().any(|suffix| name.strip_suffix(suffix) == Some(metric.as_str()))
    })
}

/// Every text under this name, at whatever depth.
fn all<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| match value.as_str() {
            Some(text) if field == name => found.push(text),
            _ => all(value, name, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| all(item, name, found)),
        _ => {}
    }
}

#[track_caller]
fn all_known(of: &str, names: &BTreeSet<String>) {
    assert!(names.len() > 8, "{of} names {names:?} only");
    let unknown: Vec<_> = names.iter().filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{of} names metrics that deploy/metrics.txt hasn't: {unknown:?}");
}

#[test]
fn ops_1_the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/tollgate.json")).expect("JSON");
    let mut expressions = Vec::new();
    all(&dashboard, "expr", &mut expressions);
    all_known("the dashboard", &named(&expressions.join("\n")));
    assert!(!known("tollgate_no_such_thing_total") && !known("runs_active_bucket"));
}

#[test]
fn ops_1_every_panel_says_what_it_shows_and_has_a_place_of_its_own() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/tollgate.json")).expect("JSON");
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{panel}");
        let place = &panel["gridPos"];
        assert!(places.insert((place["x"].as_u64(), place["y"].as_u64())), "{panel}");
        let end = place["x"].as_u64().expect("x") + place["w"].as_u64().expect("w");
        assert!(end <= 24, "{panel}");
        let is_row = panel["type"] == "row";
        assert!(is_row || panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{panel}");
        assert!(is_row || panel["targets"].as_array().is_some_and(|targets| !targets.is_empty()), "{panel}");
    }
}

#[test]
fn ops_1_alerts_ask_for_metrics_that_there_are() {
    let rules = text("deploy/prometheus/alerts.yaml");
    let mut expressions = Vec::new();
    let mut in_expression = false;
    for line in rules.lines() {
        let field = line.trim_start();
        // An expression ends where the next field of its rule begins, which stands no further in.
        let depth = line.len() - field.len();
        in_expression = field.starts_with("expr:") || in_expression && (depth > 8 || field.is_empty());
        if in_expression {
            expressions.push(field.trim_start_matches("expr:"));
        }
    }
    all_known("a rule", &named(&expressions.join("\n")));
}

#[test]
fn ops_1_every_runbook_leads_somewhere() {
    let rules = text("deploy/prometheus/alerts.yaml");
    let runbooks: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: ")).collect();
    assert_eq!(runbooks.len(), rules.matches("- alert: ").count());
    runbooks.into_iter().for_each(leads_somewhere);
}

#[test]
fn ops_1_every_metric_is_explained() {
    let page = text("docs/operations.md");
    for (name, kind) in metrics() {
        assert!(["counter", "gauge", "histogram"].contains(&kind.as_str()), "{name} {kind}");
        assert!(page.contains(&format!("`{name}`")), "docs/operations.md doesn't explain `{name}`");
    }
    let listed: BTreeSet<_> = metrics().into_iter().map(|(name, _)| name).collect();
    // What the table's rows begin with.
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows = rows.filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !name.contains(' '));
    let stale: Vec<_> = rows.filter(|name| !listed.contains(*name) && name.matches('_').count() > 1).collect();
    assert!(stale.is_empty(), "docs/operations.md explains what there isn't: {stale:?}");
}
