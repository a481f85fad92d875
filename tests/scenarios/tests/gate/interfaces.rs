//! What the components ask of their host: only what ARCHITECTURE.md names, so that both hosts have it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload};

fn manifest() -> PathBuf {
    PathBuf::from(std::env::var_os("TOLLGATE_MANIFEST").expect("run `cargo xtask test --only scenarios`"))
}

/// The `.wasm` files that the manifest names.
fn components() -> BTreeSet<PathBuf> {
    let manifest = manifest();
    let folder = manifest.parent().unwrap().to_owned();
    let text = fs::read_to_string(manifest).unwrap();
    let quoted = text.split('"').filter(|part| part.ends_with(".wasm"));
    quoted.map(|file| folder.join(file)).collect()
}

/// The interfaces that a component imports, without their versions.
fn imports(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).unwrap();
    let mut depth = 0;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            // Of the component itself, not of what is inside it.
            Payload::ComponentImportSection(section) if depth == 0 => {
                names.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    names.into_iter().map(|name| name.split('@').next().unwrap().to_owned()).collect()
}

#[test]
fn ops_6_components_import_only_what_the_architecture_names() {
    let architecture = fs::read_to_string(manifest().with_file_name("ARCHITECTURE.md")).unwrap();
    let components = components();
    assert_eq!(components.len(), 10, "nine components and the bundle: {components:?}");
    for file in components {
        let imports = imports(&file);
        let bundle = file.ends_with("bundle.wasm");
        assert_eq!(imports.is_empty(), bundle, "{}: {imports:?}", file.display());
        for name in imports.iter().filter(|name| !name.starts_with("tollgate:")) {
            assert!(architecture.contains(&format!("`{name}`")), "{} imports {name}", file.display());
        }
    }
}
