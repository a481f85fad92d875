//! `tollgate audit verify`: finds out what to read from, has it checked, and says what came of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use calendar::Millis;
use clap::Args;
use reconcile::outside::Sight;
use reconcile::{Report, Trust};
use tlog::Checkpoint;
use tollgate::kv::Backend;
use tollgate::kv::redis::RedisUrl;

use super::UNCHECKED;
use super::access::Keys;
use super::gate::Key;
use super::memory::Known;
use super::out::Progress;

mod again;
mod loaded;
pub mod log_key;
mod over_http;
mod print;
mod redis;
mod sqlite;

use again::{Look, Reading};
use loaded::Loaded;

#[derive(Args)]
pub struct Verify {
    /// Data folder of a gate, running or not, ours or Spin's; read at one moment. By default that of `up`.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kv", "url"])]
    data: Option<PathBuf>,
    /// The store by its own address, redis://[user][:password@]host[:port][/db] (also TOLLGATE_KV). Gates go on writing
    /// while it is read, key by key: what differs is looked at several times, and named if it stays.
    #[arg(long, value_name = "STORE", conflicts_with = "url")]
    kv: Option<Backend>,
    /// A running gate (also TOLLGATE_URL), from outside: entries against usage and against the log's tiles. Permits, past
    /// months and past caps can't be seen from there. With a tenant's secret key, the tenant's own.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    known: Known,
    /// One JSON object instead of sentences.
    #[arg(long)]
    json: bool,
    /// A line for every window as well.
    #[arg(long, short)]
    verbose: bool,
    /// What waits for the reaper is a failure too.
    #[arg(long)]
    strict: bool,
}

/// What to read from.
enum Source {
    Folder(PathBuf),
    Redis(RedisUrl),
    Gate { url: String, key: Key },
}

impl Verify {
    pub fn run(self) -> ExitCode {
        let style = print::Style { json: self.json, verbose: self.verbose };
        let outcome = self.source().and_then(|source| {
            let obstacle = self.known.obstacle();
            let asked = source.address();
            let (from, Found { mut report, trust }) = source.check(&asked, &self.known)?;
            if let Some(obstacle) = &obstacle {
                let sentence = format!("nothing is remembered: give TOLLGATE_STATE or --since ({obstacle})");
                report.remark("not_remembered", "memory", &sentence);
            }
            let fails = !report.is_clean() || self.strict && report.of(reconcile::Severity::Waiting).next().is_some();
            print::print(&from, &report, &trust, fails, style)?;
            if let Some(note) = report.checkpoint.as_ref().filter(|_| report.is_clean() && obstacle.is_none()) {
                self.known.remember(&asked, note, trust.key.as_ref())?;
            }
            Ok(fails)
        });
        match outcome {
            Ok(false) => ExitCode::SUCCESS,
            Ok(true) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("tollgate: couldn't check: {error:#}");
                ExitCode::from(UNCHECKED)
            }
        }
    }

    /// An option before the environment, the store itself before a gate in front of it.
    fn source(&self) -> Result<Source> {
        let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let folder = || Source::Folder(self.data.clone().unwrap_or_else(|| ".tollgate".into()));
        if self.data.is_some() {
            return Ok(folder());
        }
        let kv = match (&self.kv, &self.url, from_environment("TOLLGATE_KV")) {
            (Some(kv), ..) => Some(kv.clone()),
            (None, None, Some(kv)) => Some(kv.parse().map_err(anyhow::Error::msg).context("TOLLGATE_KV")?),
            _ => None,
        };
        match kv {
            Some(Backend::Redis(url)) => return Ok(Source::Redis(url)),
            Some(Backend::Sqlite) if self.kv.is_some() => return Ok(folder()),
            Some(Backend::Memory) => bail!("a store in memory is seen by its gate alone: ask that, with --url"),
            _ => {}
        }
        let Some(url) = self.url.clone().or_else(|| from_environment("TOLLGATE_URL")) else { return Ok(folder()) };
        Ok(Source::Gate { url, key: self.keys.one()? })
    }
}

/// What came of a check, and what was known of the log before: with which key its checkpoints were checked.
struct Found {
    report: Report,
    trust: Trust,
}

impl Source {
    /// What is asked, in the one way that is remembered. It names no secret.
    fn address(&self) -> String {
        match self {
            Self::Folder(folder) => {
                format!("folder:{}", folder.canonicalize().unwrap_or_else(|_| folder.clone()).display())
            }
            Self::Redis(url) => url.to_string(),
            Self::Gate { url, .. } => url.trim_end_matches('/').to_owned(),
        }
    }

    /// What was read, and what came of it.
    fn check(&self, asked: &str, known: &Known) -> Result<(String, Found)> {
        match self {
            // One moment: what differs, differs.
            Self::Folder(folder) => {
                let found = store(&sqlite::load(folder)?, asked, known, Some(folder))?;
                Ok((format!("the store in {}", folder.display()), found))
            }
            Self::Redis(url) => {
                let mut server = redis::Server::connect(url)?;
                let mut trust = Trust::default();
                let report = again::until_it_stays(Reading::InPieces, || {
                    let (loaded, moving) = server.load()?;
                    let found = store(&loaded, asked, known, None)?;
                    trust = found.trust;
                    Ok(Look { report: found.report, moving })
                })?;
                Ok((format!("the store {url}"), Found { report, trust }))
            }
            Self::Gate { url, key } => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let gate = super::gate::Gate::new(url, key)?;
                let sight = if matches!(key, Key::Admin(_)) { Sight::Whole } else { Sight::Own };
                let mut trust = Trust::default();
                let report = again::until_it_stays(Reading::Answers, || {
                    let found = runtime.block_on(over_http::check(&gate, asked, sight, known))?;
                    trust = found.trust;
                    Ok(Look { report: found.report, moving: Default::default() })
                })?;
                Ok((format!("the gate at {url}, from outside"), Found { report, trust }))
            }
        }
    }
}

/// Checks a store that was read.
fn store(loaded: &Loaded, asked: &str, known: &Known, folder: Option<&Path>) -> Result<Found> {
    let notes = reconcile::checkpoints(loaded, loaded.keys())?;
    let origin = notes.first().and_then(|note| Some(Checkpoint::unverified(note).ok()?.origin));
    let mut trust = known.trust(asked, origin.as_deref())?;
    if let (None, Some(folder)) = (&trust.key, folder) {
        trust.key = log_key::derived(folder, &notes);
    }
    let progress = Progress::uncounted("adding up");
    let mut report = reconcile::check_knowing(loaded, now(), loaded.keys(), &trust)?;
    drop(progress);
    if trust.key.is_none() && !notes.is_empty() {
        report.remark(
            "signature_not_checked",
            "log",
            "The signatures of the log's checkpoints were not checked: its key is not known (see --vkey).",
        );
    }
    Ok(Found { report, trust })
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
