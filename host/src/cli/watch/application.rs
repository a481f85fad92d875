//! The application that is watched: its manifest as it was last good, and which of its components are still to be built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tollgate::manifest::Manifest;

use super::gate::Stamps;
use super::interest::{Changes, Interest, files};
use super::news::News;
use super::stop::Stop;
use super::{build, say};

/// How long one build may take.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// See the module's description.
pub struct Application {
    file: PathBuf,
    manifest: Manifest,
    interest: Interest,
    news: News,
    /// Those whose build failed are in it until they are built.
    unbuilt: BTreeSet<String>,
    /// The file isn't what was last good any more.
    outdated: bool,
}

impl Application {
    /// # Errors
    /// The manifest can't be used, or nothing can be watched.
    pub fn load(file: &Path) -> Result<Self> {
        let file = fs::canonicalize(file).with_context(|| format!("reading {}", file.display()))?;
        let manifest = Manifest::load(&file)?;
        let interest = Interest::of(&manifest, &file)?;
        let mut news = News::begin()?;
        news.watch(interest.folders())?;
        let unbuilt = missing(&manifest).collect();
        Ok(Self { file, manifest, interest, news, unbuilt, outdated: false })
    }

    /// What has changed, if anything that matters does within the time.
    pub fn changes(&self, within: Duration) -> Option<Changes> {
        let changes = self.news.next(within, |path| self.interest.matters(path));
        (!changes.is_empty()).then(|| self.interest.changes(&changes))
    }

    /// Takes note of it.
    ///
    /// # Errors
    /// The manifest can't be used any more: it stays as it was last good.
    pub fn take(&mut self, changes: Changes) -> Result<()> {
        self.unbuilt.extend(changes.components);
        self.outdated |= changes.manifest;
        if self.outdated {
            let manifest = Manifest::load(&self.file)?;
            self.interest = Interest::of(&manifest, &self.file)?;
            self.manifest = manifest;
            self.unbuilt.extend(missing(&self.manifest));
            self.outdated = false;
        }
        Ok(())
    }

    /// Builds what is to be built, one after the other.
    ///
    /// # Errors
    /// A build failed; those after it wait for the next time, as it does.
    pub fn build(&mut self, stop: &Stop) -> Result<()> {
        let mut done = BTreeSet::new();
        for id in self.unbuilt.clone() {
            let build = self.manifest.components.get(&id).and_then(|component| component.build.as_ref());
            if let Some(build) = build
                && done.insert(build)
            {
                say(&format!("building {id}: {}", build.command));
                build::run(build, BUILD_LIMIT, stop).with_context(|| format!("component `{id}`"))?;
            }
            self.unbuilt.remove(&id);
        }
        // A build may have made folders, or made them anew.
        self.news.watch(self.interest.folders())
    }

    /// What a gate would be started with now.
    pub fn stamps(&self) -> Stamps {
        let stamp = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        let all = files(&self.manifest).chain([&self.file]);
        all.map(|path| (path.clone(), stamp(path))).collect()
    }
}

/// Components that aren't all there and have a build.
fn missing(manifest: &Manifest) -> impl Iterator<Item = String> {
    let components = manifest.components.iter().filter(|(_, component)| {
        let mut sources = component.dependencies.values().map(|one| &one.source).chain([&component.source]);
        component.build.is_some() && sources.any(|source| !source.is_file())
    });
    components.map(|(id, _)| id.clone())
}
