//! What a changed file means: which components are made of it, or that the gate itself was started with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use ignore::overrides::{Override, OverrideBuilder};
use tollgate::manifest::Manifest;

use super::news::Change;

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Components to build.
    pub components: BTreeSet<String>,
    /// The manifest is another one.
    pub manifest: bool,
}

/// See the module's description. All paths are absolute, without `..`.
pub struct Interest {
    manifest: PathBuf,
    /// The components' files.
    built: BTreeSet<PathBuf>,
    sources: BTreeMap<String, Override>,
    folders: BTreeMap<PathBuf, bool>,
}

impl Interest {
    /// # Errors
    /// A pattern that is none.
    pub fn of(manifest: &Manifest, file: &Path) -> Result<Self> {
        let base = file.parent().unwrap_or(Path::new("/"));
        let built: BTreeSet<PathBuf> = files(manifest).map(|path| plain(path)).collect();
        let mut folders: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for path in built.iter().map(PathBuf::as_path).chain([file]) {
            folders.insert(path.parent().unwrap_or(Path::new("/")).to_owned(), false);
        }
        let mut sources = BTreeMap::new();
        for (id, component) in &manifest.components {
            let Some(build) = component.build.as_ref().filter(|build| !build.watch.is_empty()) else { continue };
            let mut patterns = OverrideBuilder::new("/");
            for watch in &build.watch {
                let (not, pattern) = watch.strip_prefix('!').map_or(("", &**watch), |pattern| ("!", pattern));
                let pattern = plain(&base.join(&build.folder).join(pattern));
                let text = pattern.to_str().context("a path that isn't UTF-8")?;
                patterns.add(&format!("{not}{text}")).with_context(|| format!("component `{id}`: `{watch}`"))?;
                if not.is_empty() {
                    let (folder, below) = root(&pattern);
                    *folders.entry(folder).or_default() |= below;
                }
            }
            sources.insert(id.clone(), patterns.build().with_context(|| format!("component `{id}`"))?);
        }
        Ok(Self { manifest: file.to_owned(), built, sources, folders })
    }

    /// The folders to watch, those that are there: with all below them, or without.
    pub fn folders(&self) -> impl Iterator<Item = (PathBuf, bool)> {
        let covered = |folder: &Path| {
            let mut above = folder.ancestors().skip(1);
            above.any(|above| self.folders.get(above) == Some(&true))
        };
        self.folders
            .iter()
            .filter(move |(folder, _)| folder.is_dir() && !covered(folder))
            .map(|(folder, below)| (folder.clone(), *below))
    }

    /// Whether anything is to be done when this file changes.
    pub fn matters(&self, path: &Path) -> bool {
        self.manifest == path || self.built.contains(path) || self.made_of(path).next().is_some()
    }

    pub fn changes(&self, changes: &[Change]) -> Changes {
        let mut all = Changes::default();
        for change in changes {
            match change {
                Change::At(path) => {
                    all.manifest |= self.manifest == *path;
                    all.components.extend(self.made_of(path).cloned());
                }
                Change::Anywhere => {
                    all.manifest = true;
                    all.components.extend(self.sources.keys().cloned());
                }
            }
        }
        all
    }

    /// What was built is no source, also where a pattern would have it: builds would never end.
    fn made_of<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a String> {
        let sources = (!self.built.contains(path)).then_some(&self.sources);
        let made = sources.into_iter().flatten().filter(move |(_, files)| files.matched(path, false).is_whitelist());
        made.map(|(id, _)| id)
    }
}

/// Every component's file.
pub fn files(manifest: &Manifest) -> impl Iterator<Item = &PathBuf> {
    manifest.components.values().flat_map(|component| {
        component.dependencies.values().map(|dependency| &dependency.source).chain([&component.source])
    })
}

/// The folder that has all that a pattern may mean, and whether in folders below it too.
fn root(pattern: &Path) -> (PathBuf, bool) {
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let parts: Vec<Component<'_>> = pattern.components().collect();
    let plain = parts.iter().take_while(|part| is_plain(part)).count();
    if plain == parts.len() {
        return (pattern.parent().unwrap_or(Path::new("/")).to_owned(), false);
    }
    let below = parts.len() > plain + 1 || parts.iter().any(|part| part.as_os_str() == "**");
    (parts.iter().take(plain).collect(), below)
}

/// Without `.` and `..`, as they read: links are followed by nobody here.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "x"
[[trigger.http]]
route = "/..."
component = "site"
[component.site]
source = "site.wasm"
[component.site.build]
command = "make"
watch = ["components/site/**", "!components/site/notes/**", "lib/*.rs", "*.wasm"]
[component.proxy]
source = "target/proxy.wasm"
[component.proxy.build]
command = "make"
workdir = "components/proxy"
watch = ["src/**/*.rs", "../shared/wit/*", "Cargo.lock"]
[component.proxy.dependencies]
"a:b/c@0.1.0" = { path = "bought/leaf.wasm" }
[component.bought]
source = "bought/other.wasm"
"#;

    fn interest() -> Interest {
        let manifest = Manifest::parse(MANIFEST, Path::new("/app"), "spin.toml").unwrap();
        Interest::of(&manifest, Path::new("/app/spin.toml")).unwrap()
    }

    #[track_caller]
    fn check(path: &str, components: &[&str]) {
        let found = interest().changes(&[Change::At(path.into())]);
        assert_eq!(found.components, components.iter().map(|id| (*id).to_owned()).collect(), "{path}");
        assert!(components.is_empty() || interest().matters(Path::new(path)), "{path}");
    }

    #[test]
    fn ops_4_a_file_belongs_to_the_components_whose_patterns_have_it() {
        check("/app/components/site/src/lib.rs", &["site"]);
        check("/app/components/site/notes/todo.md", &[]);
        check("/app/lib/one.rs", &["site"]);
        check("/app/lib/below/one.rs", &[]);
        check("/app/components/proxy/src/a/b.rs", &["proxy"]);
        check("/app/components/proxy/src/a/b.md", &[]);
        check("/app/components/proxy/Cargo.lock", &["proxy"]);
        check("/app/components/proxy/below/Cargo.lock", &[]);
        check("/app/components/shared/wit/a.wit", &["proxy"]);
        check("/elsewhere/lib/one.rs", &[]);
        check("/app/other.rs", &[]);
    }

    #[test]
    fn ops_4_what_is_built_and_the_manifest_restart_and_build_nothing() {
        for built in ["/app/site.wasm", "/app/target/proxy.wasm", "/app/bought/leaf.wasm", "/app/bought/other.wasm"] {
            check(built, &[]);
            assert!(interest().matters(Path::new(built)), "{built}");
        }
        let manifest = Path::new("/app/spin.toml");
        let expected = Changes { components: BTreeSet::new(), manifest: true };
        assert_eq!(interest().changes(&[Change::At(manifest.into())]), expected);
        assert!(interest().matters(manifest) && !interest().matters(Path::new("/app/target/other.wasm")));
        assert_eq!(interest().changes(&[Change::Anywhere]).components.len(), 2, "nobody knows, so everything");
    }

    #[test]
    fn ops_4_no_more_is_watched_than_the_patterns_say() {
        let folders: Vec<(String, bool)> =
            interest().folders.iter().map(|(folder, below)| (folder.display().to_string(), *below)).collect();
        let expected = [
            ("/app", false),
            ("/app/bought", false),
            ("/app/components/proxy", false),
            ("/app/components/proxy/src", true),
            ("/app/components/shared/wit", false),
            ("/app/components/site", true),
            ("/app/lib", false),
            ("/app/target", false),
        ];
        assert_eq!(folders, expected.map(|(folder, below)| (folder.to_owned(), below)));
    }
}
