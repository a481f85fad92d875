//! `docs/kv-schemas.md` is what the table says. `UPDATE=1 cargo test -p kv-schemas` writes it anew.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::{env, fmt::Write, fs, path::Path};

use kv_schemas::{
    Family,
    families::{self, Area},
};

#[test]
fn the_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kv-schemas.md");
    let page = page();
    if env::var_os("UPDATE").is_some() {
        assert!(env::var_os("CI").is_none(), "the page is written by people, not by CI: unset UPDATE");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differing = committed.lines().zip(page.lines()).find(|(is, should)| is != should);
    assert!(
        committed == page,
        "docs/kv-schemas.md is not what the table says; write it anew with `UPDATE=1 cargo test -p kv-schemas`. \
         First line that differs (is, should be): {differing:#?}"
    );
}

fn page() -> String {
    let mut page = include_str!("page/intro.md").to_owned();
    for area in families::AREAS {
        section(&mut page, area);
    }
    page
}

fn section(page: &mut String, area: &Area) {
    write!(page, "\n## {}\n\n", area.title).unwrap();
    page.push_str("| key | what | kind | holds | written by | also read by | operations | kept | removed by |\n");
    page.push_str("|---|---|---|---|---|---|---|---|---|\n");
    area.families.iter().for_each(|family| row(page, family));
}

fn row(page: &mut String, family: &Family) {
    let Family { about, pattern, kind, encoding, writer, readers, lifetime, reaper, .. } = family;
    let (about, name, operations) = (about.trim().trim_end_matches('.'), kind.name(), kind.operations());
    writeln!(
        page,
        "| `{pattern}` | {about} | {name} | {encoding} | {writer} | {readers} | {operations} | {lifetime} | {reaper} |"
    )
    .unwrap();
}
