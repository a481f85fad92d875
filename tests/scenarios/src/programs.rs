//! Where the built programs are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::processes::Folder;

/// The program `tollgate`.
pub fn tollgate() -> PathBuf {
    given("TOLLGATE_BIN")
}

/// `tollgate audit ...` as nobody's command: it knows no gate and no key, and what it remembers of logs is these tests'.
pub fn audit(state: &Path) -> Command {
    let mut command = Command::new(tollgate());
    for name in ["TOLLGATE_KV", "TOLLGATE_URL", "TOLLGATE_ADMIN_KEY", "TOLLGATE_SECRET_KEY"] {
        command.env_remove(name);
    }
    command.arg("audit").env("TOLLGATE_STATE", state);
    command
}

/// Has everything brought into the file of a store whose gate doesn't run.
#[track_caller]
pub fn fold(data: &Path) {
    let (status, text) = try_fold(data);
    assert_eq!(status, Some(0), "{text}");
}

/// Exit status and words of `tollgate store fold`.
pub fn try_fold(data: &Path) -> (Option<i32>, String) {
    let output = Command::new(tollgate()).args(["store", "fold", "--data"]).arg(data).output().expect("tollgate runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), text)
}

/// What all commands of this run remember of logs, unless they are told otherwise.
pub fn state() -> &'static Path {
    static STATE: OnceLock<Folder> = OnceLock::new();
    &STATE.get_or_init(|| Folder::new("state-")).0
}

/// The program `mock-vendors`.
pub fn mock_vendors() -> PathBuf {
    given("MOCK_VENDORS_BIN")
}

/// The application's `spin.toml`.
pub fn manifest() -> PathBuf {
    given("TOLLGATE_MANIFEST")
}

fn given(name: &str) -> PathBuf {
    match std::env::var_os(name) {
        Some(path) if !path.is_empty() => path.into(),
        _ => panic!("{name} is not set: run `cargo xtask test --only scenarios`, which builds the programs"),
    }
}
