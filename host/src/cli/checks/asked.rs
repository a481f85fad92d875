//! Which check asks whom, and what each can't do without.

use std::collections::BTreeMap;
use std::fs;

use ::checks::{Verdict, manifest::Manifest, workflows};
use ::snapshot::{Report, Status};
use anyhow::{Context, Result, anyhow};

use super::{Check, gates, local, now, probe, tree};
use crate::cli::gate::Gate;

const MANIFEST: &str = "spin.toml";
const ALERTS: &str = "deploy/prometheus/alerts.yaml";

/// What is asked for, and what was read for it so far.
pub struct Asked<'a> {
    check: &'a Check,
    gate: Result<Gate>,
    files: Option<std::collections::BTreeSet<String>>,
}

impl<'a> Asked<'a> {
    pub fn new(check: &'a Check) -> Self {
        Self { check, gate: check.access.gate(), files: None }
    }

    /// Why a check can't be made at all.
    pub fn lacks(&self, name: &str) -> Option<String> {
        let has = |file: &str| self.check.root.join(file).is_file();
        let manifest = || (!has(MANIFEST)).then(|| format!("{} has no {MANIFEST}", self.check.root.display()));
        let gate = || self.gate.as_ref().err().map(|error| format!("{error:#}"));
        let operator =
            || gate().or_else(|| (!self.check.access.is_admin()).then(|| "it needs the admin key".to_owned()));
        match name {
            "structure" if self.check.structure.is_none() => manifest(),
            "infra" => manifest(),
            "structure" | "secrets" => {
                (!self.check.root.is_dir()).then(|| format!("{} is no folder", self.check.root.display()))
            }
            "workflows" => {
                let file = self.check.root.join(&self.check.workflows);
                (!file.is_file()).then(|| format!("{} is no file", file.display()))
            }
            "age-gate" if !self.pages().unwrap_or_default().is_empty() => None,
            "router" => gate(),
            _ => operator(),
        }
    }

    /// Makes it. `done` are those before it.
    pub async fn verdict(&mut self, name: &str, done: &[Report]) -> Result<Verdict> {
        let (check, now) = (self.check, now());
        match name {
            "structure" => local::structure(&check.root, check.structure.as_deref(), self.files()?),
            "secrets" => {
                let (root, allow) = (check.root.clone(), check.root.join(&check.allow));
                local::secrets(&root, &allow, self.files()?)
            }
            "infra" => {
                let manifest = self.manifest()?;
                let mut verdict = local::deployed(&check.root, &manifest, self.files()?)?;
                // Without a gate to ask, the files alone are compared; the facts say so.
                if let Ok(gate) = &self.gate {
                    verdict.add(gates::running(gate, &manifest).await?);
                }
                Ok(verdict)
            }
            "age-gate" => {
                let gate = self.gate.as_ref().ok().filter(|_| check.access.is_admin());
                let asked = probe::Asked {
                    pages: self.pages()?,
                    root: &check.root,
                    publishable_key: check.publishable_key.as_deref(),
                    secret_key: check.access.secret_key(),
                    issue_keys: check.issue_keys,
                };
                probe::age_gate(gate, check.access.url(), &asked).await
            }
            "router" => gates::router(self.gate()?, check.threshold_ms).await,
            "certificates" => gates::certificates(self.gate()?, now).await,
            "snapshot" => gates::snapshot(self.gate()?, now).await,
            "webhooks" => gates::webhooks(self.gate()?).await,
            "log" => gates::log(self.gate()?).await,
            "workflows" => self.workflows(done).await,
            _ => Err(anyhow!("there is no such check")),
        }
    }

    fn gate(&self) -> Result<&Gate> {
        self.gate.as_ref().map_err(|error| anyhow!("{error:#}"))
    }

    fn files(&mut self) -> Result<&std::collections::BTreeSet<String>> {
        if self.files.is_none() {
            self.files = Some(tree::files(&self.check.root).context("reading the folder")?);
        }
        self.files.as_ref().context("the folder was read")
    }

    fn manifest(&self) -> Result<Manifest> {
        let path = self.check.root.join(MANIFEST);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Manifest::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
    }

    /// Those that are named, and those of the workflows' manifest.
    fn pages(&self) -> Result<Vec<String>> {
        let file = self.check.root.join(&self.check.workflows);
        let listed = match fs::read_to_string(&file) {
            Ok(text) => {
                let manifest: serde_json::Value =
                    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?;
                let pages = manifest["restricted_pages"].as_array().cloned().unwrap_or_default();
                pages.iter().filter_map(|page| page.as_str().map(str::to_owned)).collect()
            }
            Err(_) => Vec::new(),
        };
        Ok(self.check.pages.iter().cloned().chain(listed).collect())
    }

    async fn workflows(&mut self, done: &[Report]) -> Result<Verdict> {
        let root = self.check.root.clone();
        let read =
            |path: &std::path::Path| fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
        let file = root.join(&self.check.workflows);
        let manifest = serde_json::from_str(&read(&file)?).with_context(|| format!("{} is no JSON", file.display()))?;
        let rules = fs::read_to_string(root.join(ALERTS)).unwrap_or_default();
        let alerts = workflows::alerts(&rules).map_err(|error| anyhow!("{ALERTS}: {error}"))?;
        let tests = match &self.check.tests {
            Some(path) => workflows::tests(&read(path)?),
            None => BTreeMap::new(),
        };
        // What was found just now counts before what was reported.
        let mut checks = match (&self.gate, self.check.access.is_admin()) {
            (Ok(gate), true) => gates::reported(gate, now()).await.unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        for report in done {
            match report.status {
                Status::Pass => drop(checks.insert(report.name.clone(), true)),
                Status::Fail => drop(checks.insert(report.name.clone(), false)),
                Status::Unknown => {}
            }
        }
        let known = workflows::Known { files: self.files()?.clone(), alerts, checks, tests };
        Ok(workflows::check(&manifest, &known))
    }
}
