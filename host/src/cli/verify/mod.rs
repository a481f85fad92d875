//! `tollgate audit verify`: finds out what to read from, has it checked, and says what came of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use calendar::Millis;
use clap::Args;
use reconcile::Report;
use tollgate::kv::Backend;
use tollgate::kv::redis::RedisUrl;

mod again;
mod loaded;
mod over_http;
mod print;
mod redis;
mod sqlite;

use again::Look;

/// Couldn't be checked.
const UNCHECKED: u8 = 2;

#[derive(Args)]
pub struct Verify {
    /// Data folder of a gate, running or not, ours or Spin's; read at one moment. By default that of `up`.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kv", "url"])]
    data: Option<PathBuf>,
    /// The store by its own address, redis://[user][:password@]host[:port][/db] (also TOLLGATE_KV). Gates go on writing
    /// while it is read, key by key: what differs is looked at several times, and named if it stays.
    #[arg(long, value_name = "STORE", conflicts_with = "url")]
    kv: Option<Backend>,
    /// A running gate (also TOLLGATE_URL), from outside: entries against usage. Permits, past months and past caps can't
    /// be seen from there.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The admin key, for --url. (Better in the environment: arguments are seen by everybody on the machine.)
    #[arg(long, env = "TOLLGATE_ADMIN_KEY", hide_env_values = true, value_name = "KEY")]
    admin_key: Option<String>,
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
    Gate { url: String, admin_key: String },
}

impl Verify {
    pub fn run(self) -> ExitCode {
        let style = print::Style { json: self.json, verbose: self.verbose };
        let outcome = self.source().and_then(|source| {
            let (from, report) = source.check()?;
            let fails = !report.is_clean() || self.strict && report.of(reconcile::Severity::Waiting).next().is_some();
            print::print(&from, &report, fails, style)?;
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
        let admin_key = self.admin_key.clone().context("--url needs --admin-key, or TOLLGATE_ADMIN_KEY")?;
        Ok(Source::Gate { url, admin_key })
    }
}

impl Source {
    /// What was read, and what came of it.
    fn check(&self) -> Result<(String, Report)> {
        match self {
            // One moment: what differs, differs.
            Self::Folder(folder) => {
                let loaded = sqlite::load(folder)?;
                let report = reconcile::check(&loaded, now(), loaded.keys())?;
                Ok((format!("the store in {}", folder.display()), report))
            }
            Self::Redis(url) => {
                let mut server = redis::Server::connect(url)?;
                let report = again::until_it_stays(|| {
                    let (loaded, moving) = server.load()?;
                    let report = reconcile::check(&loaded, now(), loaded.keys())?;
                    Ok(Look { report, moving })
                })?;
                Ok((format!("the store {url}"), report))
            }
            Self::Gate { url, admin_key } => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let gate = super::gate::Gate::new(url, admin_key)?;
                let report = again::until_it_stays(|| {
                    let report = runtime.block_on(over_http::check(&gate))?;
                    Ok(Look { report, moving: Default::default() })
                })?;
                Ok((format!("the gate at {url}, from outside"), report))
            }
        }
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
