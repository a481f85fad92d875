//! Checks of files: they ask nobody.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ::checks::secrets::Allow;
use ::checks::structure::Structure;
use ::checks::{Verdict, infra, manifest::Manifest, secrets, structure};
use anyhow::{Context, Result, anyhow};

use super::tree;

const DEPLOY: &str = "deploy/";

/// `wanted` is what must be there, or what this repository has.
pub fn structure(root: &Path, wanted: Option<&Path>, files: &BTreeSet<String>) -> Result<Verdict> {
    let wanted = match wanted {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is no list of files and folders", path.display()))?
        }
        None => Structure::built_in(),
    };
    Ok(structure::check(&wanted, files, tree::text(root, "spin.toml").as_deref()))
}

/// Every file that is the folder's own.
pub fn secrets(root: &Path, allow: &Path, files: &BTreeSet<String>) -> Result<Verdict> {
    let allow = match fs::read_to_string(allow) {
        Ok(text) => Allow::parse(&text).map_err(|error| anyhow!("{}: {}", allow.display(), error.0))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Allow::default(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", allow.display())),
    };
    let mut verdict = Verdict::default();
    for file in files {
        if let Some(text) = tree::text(root, file) {
            secrets::scan(&mut verdict, file, &text, &allow);
        }
    }
    verdict.fact("files", files.len());
    Ok(verdict)
}

/// The files below `deploy/` against the manifest.
pub fn deployed(root: &Path, manifest: &Manifest, files: &BTreeSet<String>) -> Result<Verdict> {
    let below = files.range(DEPLOY.to_owned()..).take_while(|file| file.starts_with(DEPLOY));
    let texts: Vec<_> = below.filter_map(|file| Some((&file[DEPLOY.len()..], tree::text(root, file)?))).collect();
    let texts: Vec<_> = texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Ok(infra::files(manifest, &texts))
}
