//! The options that an adapter reads, out of its source.

use std::fs;

use crate::repository;

/// How an option is read: `Options::{text, integer}`, or a helper of the adapter's own around the options' fields.
const READ_BY: [(&str, &str); 6] = [
    (".text(\"", "\")"),
    (".integer(\"", "\","),
    ("named(&options, \"", "\")"),
    ("flag(&flags, \"", "\")"),
    ("privacy(&settings, \"", "\","),
    ("setting(options, \"", "\","),
];

/// The options that `vendor`'s own crate reads; those of all chat vendors have a table of their own.
pub fn of(vendor: &str) -> Vec<String> {
    let folder = repository().join("adapters").join(vendor).join("src");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let mut names: Vec<String> = files.flat_map(|source| in_source(&source)).collect();
    names.sort();
    names.dedup();
    names
}

fn in_source(source: &str) -> Vec<String> {
    // What an error calls an option is one as well.
    let named = source.split("\"options.").skip(1).filter_map(|rest| rest.split('"').next());
    let read = READ_BY.iter().flat_map(|(before, after)| {
        source.split(before).skip(1).filter_map(move |rest| rest.split_once(after)).map(|(name, _)| name)
    });
    let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9'));
    named.chain(read).filter(|name| !name.is_empty()).filter(plain).map(str::to_owned).collect()
}

#[test]
fn options_are_found_however_they_are_read() {
    let check = |source: &str, expected: &[&str]| assert_eq!(in_source(source), expected, "{source}");
    check(r#"options.text("voice")?"#, &["voice"]);
    check(r#"options.integer("page_size", 10, 1, 100)?"#, &["page_size"]);
    check(r#"PlanError::invalid("options.versions", "must")"#, &["versions"]);
    check(r#"PlanError::invalid(format!("options.{name}"), "must")"#, &[]);
    check(r#"flag(&flags, "is_sandbox")? named(&options, "avatar_id")?"#, &["avatar_id", "is_sandbox"]);
    check(r#"texts("x")"#, &[]);
}
