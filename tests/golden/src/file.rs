//! The committed files: one line for each key, in order. `key = bytes` is a value, `key + number` a counter.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::Once,
};

use kv_schemas::{
    Store,
    memory::{Cell, Memory},
};

use crate::story;

pub type Dump = BTreeMap<String, Cell>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// What this release writes, as committed.
pub fn committed() -> Dump {
    accept();
    read(&fs::read_to_string(current()).unwrap_or_default())
}

fn current() -> PathBuf {
    folder().join("store.txt")
}

/// With `UPDATE=1`, what is written now is what is committed. Once, before any test reads it.
fn accept() {
    static ACCEPTED: Once = Once::new();
    if env::var_os("UPDATE").is_some() {
        assert!(env::var_os("CI").is_none(), "golden bytes are accepted by people, not by CI: unset UPDATE");
        ACCEPTED.call_once(|| fs::write(current(), write(&story::told().dump())).unwrap());
    }
}

/// What this release and earlier ones have written, by file name.
pub fn all() -> Vec<(String, Dump)> {
    accept();
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), read(&fs::read_to_string(path).unwrap()))).collect()
}

/// A store that holds this.
pub fn restored(dump: &Dump) -> Memory {
    let store = Memory::default();
    for (key, cell) in dump {
        match cell {
            Cell::Value(bytes) => store.set(key, bytes).unwrap(),
            Cell::Counter(sum) => assert_eq!(store.increment(key, *sum).unwrap(), *sum),
        }
    }
    store
}

/// One line of the file.
pub fn line(key: &str, cell: &Cell) -> String {
    match cell {
        Cell::Value(bytes) => format!("{key} = {}", String::from_utf8(bytes.clone()).expect("values are JSON")),
        Cell::Counter(sum) => format!("{key} + {sum}"),
    }
}

fn write(dump: &Dump) -> String {
    dump.iter().map(|(key, cell)| line(key, cell) + "\n").collect()
}

fn read(text: &str) -> Dump {
    let cell = |line: &str| {
        // Keys have no blanks: what comes first is the sign.
        let (key, rest) = line.split_once(' ').unwrap_or_else(|| panic!("no key: {line}"));
        let cell = match rest.split_at(2) {
            ("= ", bytes) => Cell::Value(bytes.into()),
            ("+ ", sum) => Cell::Counter(sum.parse().unwrap()),
            _ => panic!("neither a value nor a counter: {line}"),
        };
        (key.to_owned(), cell)
    };
    text.lines().map(cell).collect()
}
