//! OPS-4: `docs/troubleshooting.md` has every error that the gate can answer with, and none that it can't.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{headings, read, rows, ticked};
use super::source::{Literal, argument, literals, sources};

const PAGE: &str = "docs/troubleshooting.md";
/// Where answers are made. The findings of `tollgate check` and `snapshot` have codes too, and are no answers.
const SOURCES: [&str; 12] = [
    "crates/compliance/src",
    "crates/limits/src",
    "crates/problem/src",
    "crates/runs/src",
    "crates/session/src",
    "crates/tenancy/src",
    "crates/twins/src",
    "crates/webhooks/src",
    "components",
    "adapters",
    "host/src/server",
    "crates/audit/src",
];
/// The functions whose argument at that place is an error's code.
const MAKERS: [(&str, usize); 14] = [
    ("Problem::new", 1),
    ("Problem::forbidden", 0),
    ("Problem::unauthenticated", 0),
    ("Problem::conflict", 0),
    ("Problem::rate_limited", 0),
    ("Refusal::forbidden", 0),
    ("Refusal::unauthenticated", 0),
    ("Denial::new", 1),
    ("Denial::invalid", 1),
    ("make", 1),
    ("Failure::fatal", 0),
    ("Failure::transient", 0),
    ("Self::fatal", 0),
    ("Self::transient", 0),
];
/// What one component tells another, or a part of one another part of it: no caller ever sees it.
const INTERNAL: [(&str, &str); 3] = [
    ("late", "of a decision that came second: the answer says `gate_decided`, or shows the one that was made"),
    ("not_now", "tells the driver of runs to plan anew"),
    ("code", "stands for all codes in a text"),
];

/// How the names of the log's events end.
const EVENTS: [&str; 15] = [
    "_INTERACTION",
    "_STARTED",
    "_ENDED",
    "_CREATED",
    "_CHANGED",
    "_DELETED",
    "_REVOKED",
    "_BOUND",
    "_UNBOUND",
    "_SET",
    "_REMOVED",
    "_DEPLOYED",
    "_RETIRED",
    "_GIVEN",
    "_ERASED",
];

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a literal is an error's code, by what stands before it.
fn is_code(literal: &Literal<'_>, path: &str) -> bool {
    let before = literal.before.trim_end();
    let field = before.ends_with("code:") || before.ends_with("code =");
    // The one place where a status has a name and a code beside it.
    let of_host = path.ends_with("host/src/server/errors.rs");
    let made = argument(literal.before).is_some_and(|(function, place)| {
        let makers = MAKERS.iter().any(|(maker, at)| function.ends_with(maker) && *at == place);
        let own = path.ends_with("crates/problem/src/lib.rs") && (function, place) == ("Self::new", 1);
        makers || own || of_host && [("Self::new", 2), ("Self::offline", 0)].contains(&(function, place))
    });
    field || made || in_code_function(before) || is_named_for_itself(literal)
}

/// In the body of `fn code(..)`.
fn in_code_function(before: &str) -> bool {
    let Some((_, body)) = before.rsplit_once("fn code(") else { return false };
    !body.contains("\n    }\n") && body.contains("=>") && before.ends_with("=>")
}

/// `const TWIN_RETIRED: &str = "twin_retired"`: a code that several use.
fn is_named_for_itself(literal: &Literal<'_>) -> bool {
    let name = literal.text.to_ascii_uppercase();
    literal.text.contains('_') && literal.before.ends_with(&format!("pub const {name}: &str = "))
}

/// Codes that are put together, as the limits list them for their counters: `daily_` and a unit.
fn composed() -> BTreeSet<String> {
    let text = read("crates/limits/src/denied.rs");
    let list = |name: &str| {
        let (_, rest) = text.split_once(&format!("const {name}: ")).unwrap_or_else(|| panic!("no {name}"));
        let (list, _) = rest.split_once("];").expect("the end of a list");
        literals(list).iter().map(|literal| literal.text.to_owned()).collect::<Vec<_>>()
    };
    let capped = list("CAPPED").into_iter().map(|prefix| format!("{prefix}<unit>"));
    let lists = ["too_many_links", "too_many_consents"].map(str::to_owned);
    capped.chain(list("PLAIN")).chain(lists).collect()
}

/// Each code, with a file that has it.
fn in_code() -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> =
        composed().into_iter().map(|code| (code, "crates/limits/src/denied.rs".into())).collect();
    for (path, text) in sources(&SOURCES) {
        let path = path.display().to_string();
        for literal in literals(&text) {
            if is_name(literal.text) && is_code(&literal, &path) {
                found.insert(literal.text.to_owned(), path.clone());
            }
        }
    }
    for (code, _) in INTERNAL {
        found.remove(code);
    }
    found
}

fn types() -> BTreeSet<String> {
    let document: scenarios::Value = read("components/twin-registry/openapi.json").parse().expect("JSON");
    let named = &document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["type"]["enum"];
    named.as_array().expect("types").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The sections of the page: each is one type's.
fn sections(page: &str) -> Vec<(String, String)> {
    let own = headings(page).filter(|heading| heading.starts_with("## `"));
    own.map(|heading| (ticked(heading)[0].clone(), heading.to_owned())).collect()
}

#[test]
fn ops_4_every_error_has_an_entry_that_says_what_to_do() {
    let page = read(PAGE);
    let mut told = BTreeSet::new();
    for (_, heading) in sections(&page) {
        for (codes, cells) in rows(&page, &heading) {
            assert!(cells.len() >= 3 && cells.iter().all(|cell| !cell.is_empty()), "{heading}: {codes:?} {cells:?}");
            told.extend(codes);
        }
    }
    let made = in_code();
    assert!(made.len() > 100, "{made:?}");
    let missing: Vec<_> = made.iter().filter(|(code, _)| !told.contains(*code)).collect();
    let stale: Vec<_> = told.iter().filter(|code| !made.contains_key(*code)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "{PAGE} lacks {missing:?}, and has {stale:?}, which is nowhere made"
    );
}

#[test]
fn ops_4_every_type_of_error_has_its_section() {
    let told: BTreeSet<String> = sections(&read(PAGE)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(told, types());
}

#[test]
fn ops_4_every_header_that_a_page_may_read_is_explained() {
    let (_, list) = read("components/shell/src/cors.rs").split_once("const EXPOSED: &str = \"").map_or_else(
        || panic!("no list of headers"),
        |(before, list)| (before.to_owned(), list.split_once("\";").expect("its end").0.to_owned()),
    );
    let exposed: BTreeSet<String> = list.replace("\\\n", "").split(',').map(|name| name.trim().to_owned()).collect();
    let told: BTreeSet<String> = rows(&read(PAGE), "## Headers").into_iter().flat_map(|(names, _)| names).collect();
    assert_eq!(told, exposed);
}

#[test]
fn aud_1_every_kind_of_event_in_the_log_is_told() {
    let is_event = |text: &str| {
        let upper = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        // As events are named: what, and what became of it.
        upper && EVENTS.iter().any(|end| text.ends_with(end))
    };
    let made: BTreeSet<String> = sources(&["crates", "components"])
        .iter()
        .flat_map(|(_, text)| literals(text).into_iter().map(|literal| literal.text.to_owned()).collect::<Vec<_>>())
        .filter(|text| is_event(text))
        .collect();
    let told: BTreeSet<String> = rows(&read("docs/audit-log.md"), "## What is in it")
        .into_iter()
        .filter(|(first, _)| ["money", "session", "admin"].iter().any(|kind| first == &[*kind]))
        .flat_map(|(_, cells)| ticked(&cells[0]))
        .filter(|name| name != "CORRECTION")
        .collect();
    assert_eq!(told, made);
}
