//! The built component: exports the vendor port, imports nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Builds the component the way the product does, in a folder of its own so that no other build is in the way.
fn build() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("component");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2", "--package", "bundle"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the component builds");
    target.join("wasm32-wasip2/release/bundle.wasm")
}

#[test]
fn exports_the_port_and_imports_nothing() {
    let bytes = std::fs::read(build()).unwrap();
    Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes).expect("a valid component");

    let (mut depth, mut imports, mut exports) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    assert_eq!(imports, Vec::<String>::new(), "an adapter that imports something could do something");
    assert_eq!(exports, ["tollgate:vendor/adapter@0.1.0"]);
}
