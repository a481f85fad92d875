//! Where the built programs are.

use std::path::PathBuf;

/// The program `tollgate`.
pub fn tollgate() -> PathBuf {
    given("TOLLGATE_BIN")
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
