//! `docs/vendors.md`: its tables are what the adapters say of themselves, and its words name every option there is.
//! `UPDATE=1 cargo test -p bundle --test vendors` writes the tables anew; the words between them are written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod amounts;
mod hosts;
mod options;
mod tables;

/// The bundle's own list. A `cdylib` can't be depended on, so its source is compiled in once more.
#[path = "../../src/lib.rs"]
mod bundle;

use std::path::{Path, PathBuf};
use std::{env, fs};

use adapter::Adapter;
use guest::Vendors;

type Table = fn() -> String;

/// Where a table begins; `<!-- end of table -->` is where it ends.
const TABLES: [(&str, Table); 3] = [
    ("<!-- table: what they do -->", tables::what_they_do),
    ("<!-- table: how they are reached -->", tables::how_they_are_reached),
    ("<!-- table: list prices -->", tables::list_prices),
];
const END: &str = "<!-- end of table -->";

fn all() -> &'static [&'static dyn Adapter] {
    bundle::All::ALL
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(repository().join("docs/vendors.md")).unwrap()
}

#[test]
fn the_tables_are_what_the_adapters_say() {
    let committed = page();
    let fresh = TABLES.iter().fold(committed.clone(), |page, (mark, table)| with_table(&page, mark, &table()));
    if env::var_os("UPDATE").is_some() {
        assert!(env::var_os("CI").is_none(), "the page is written by people, not by CI: unset UPDATE");
        return fs::write(repository().join("docs/vendors.md"), fresh).unwrap();
    }
    let differing = committed.lines().zip(fresh.lines()).find(|(is, should)| is != should);
    assert!(
        committed == fresh,
        "docs/vendors.md is not what the adapters say; write it anew with `UPDATE=1 cargo test -p bundle --test \
         vendors`. First line that differs (is, should be): {differing:#?}"
    );
}

fn with_table(page: &str, mark: &str, table: &str) -> String {
    let (before, rest) = page.split_once(mark).unwrap_or_else(|| panic!("docs/vendors.md has no {mark}"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("docs/vendors.md has no {END} after {mark}"));
    format!("{before}{mark}\n\n{table}\n{END}{after}")
}

#[test]
fn every_vendor_has_a_section_that_names_its_options() {
    let page = page();
    for vendor in all().iter().map(|adapter| adapter.profile().vendor) {
        let section = section(&page, vendor).unwrap_or_else(|| panic!("docs/vendors.md has no section `### {vendor}`"));
        let missing: Vec<String> =
            options::of(vendor).into_iter().filter(|name| !section.contains(&format!("`{name}`"))).collect();
        assert_eq!(missing, Vec::<String>::new(), "options of {vendor} that docs/vendors.md doesn't name");
    }
}

/// What stands below a vendor's own heading.
fn section<'a>(page: &'a str, vendor: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n### {vendor}\n"))?;
    Some(rest.split("\n### ").next().unwrap_or(rest))
}
