//! A look into the store of a gate. What it has acknowledged last is in the log beside the file: where the gate stands
//! still that is folded first, where it runs a copy is.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use scenarios::processes::Folder;
use scenarios::{Gate, programs};

/// `sqlite_key_value.db`: Spin's name for it, and ours. The names of all that lies beside it begin with it.
pub const FILE: &str = "sqlite_key_value.db";

/// The store of a gate that doesn't run, to be read and changed.
#[track_caller]
pub fn open(data: &Path) -> Connection {
    programs::fold(data);
    Connection::open(data.join(FILE)).expect("the store")
}

/// The store's files in a folder: the database, its journal, and the log.
pub fn files(data: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(data).expect("the folder").map(|file| file.expect("a file").path());
    let mut own: Vec<PathBuf> =
        all.filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE))).collect();
    own.sort();
    own
}

/// A copy of a gate's store with everything that was acknowledged before; the gate may run.
#[track_caller]
pub fn copy(gate: &Gate) -> (Folder, Connection) {
    let copy = Folder::new("store-");
    // The log first, then the file at one moment: what that lacks then is in the log.
    for log in ["log-0", "log-1"].map(|end| format!("{FILE}.{end}")) {
        // None: the gate was stopped.
        drop(fs::copy(gate.data().join(&log), copy.0.join(&log)));
    }
    let file = Connection::open_with_flags(gate.data().join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let target = copy.0.join(FILE).display().to_string();
    file.expect("the store").execute("VACUUM INTO ?1", [target]).expect("a copy");
    let connection = open(&copy.0);
    (copy, connection)
}
