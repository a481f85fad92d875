//! The program `tollgate`.

mod cli;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tollgate::kv::Backend;
use tollgate::kv::durability::Durability;
use tollgate::{Options, examine, logs, serve};

/// Requests make and drop many small things; this takes less time for them than the system's allocator, and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A gate of WebAssembly components between a web page and the AI vendors behind it.
#[derive(Parser)]
#[command(name = "tollgate", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the application of a manifest.
    Up(Up),
    /// Says what would keep `up` from starting.
    Doctor(Up),
    #[command(flatten)]
    Client(cli::Client),
}

#[derive(Args)]
struct Up {
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDR")]
    listen: SocketAddr,
    /// Folder for the store, the keys and the cache.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
    /// Folder for compiled components; by default below the data folder.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Key-value store: sqlite, memory, or redis://[user][:password@]host[:port][/db], which several gates may share (a
    /// URL with a password belongs into the environment: arguments are seen by everybody on the machine).
    #[arg(long, env = "TOLLGATE_KV", hide_env_values = true, default_value = "sqlite", value_name = "STORE")]
    kv: Backend,
    /// Value of an application variable (also SPIN_VARIABLE_<NAME> in the environment).
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = name_and_value)]
    variables: Vec<(String, String)>,
    /// The application's manifest.
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    manifest: PathBuf,
    /// What the sqlite store's answers and calls to vendors survive.
    #[arg(long, value_enum, default_value = "strict")]
    durability: Durability,
    /// Requests one instance serves before it is replaced.
    #[arg(long, default_value_t = 128, value_name = "N")]
    max_instance_reuse_count: usize,
    /// Requests one instance serves at the same time.
    #[arg(long, default_value_t = 1, value_name = "N")]
    max_instance_concurrent_reuse_count: usize,
    /// Seconds a component has until the head of its response.
    #[arg(long, default_value = "90", value_name = "SECONDS", value_parser = seconds)]
    request_timeout: Duration,
    /// Seconds a response may stream, with the work after it.
    #[arg(long, default_value = "600", value_name = "SECONDS", value_parser = seconds)]
    stream_timeout: Duration,
    /// Seconds an idle instance is kept.
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = seconds)]
    idle_instance_timeout: Duration,
    /// Memory of one instance, in MiB.
    #[arg(long, default_value_t = 64, value_name = "MIB")]
    memory_limit: usize,
    /// Requests served at the same time, streams included.
    #[arg(long, default_value_t = 1024, value_name = "N")]
    max_concurrent_requests: usize,
}

impl From<Up> for Options {
    fn from(up: Up) -> Self {
        let mut options = Self::new(up.manifest, up.data);
        options.listen = up.listen;
        options.cache = up.cache;
        options.kv = up.kv;
        options.variables = up.variables;
        options.durability = up.durability;
        let settings = &mut options.settings;
        settings.max_instance_reuse_count = up.max_instance_reuse_count.max(1);
        settings.max_instance_concurrent_reuse_count = up.max_instance_concurrent_reuse_count.max(1);
        settings.request_timeout = up.request_timeout;
        settings.stream_timeout = up.stream_timeout;
        settings.idle_instance_timeout = up.idle_instance_timeout;
        settings.memory_limit = up.memory_limit.saturating_mul(1024 * 1024);
        options.limits.max_concurrent_requests = up.max_concurrent_requests.max(1);
        options
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no number of seconds");
    let seconds: f64 = text.parse().map_err(|_| error())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| error())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::start();
    let result = match cli.command {
        Command::Up(options) => up(options.into()),
        Command::Doctor(options) => doctor(&options.into()),
        Command::Client(client) => Ok(client.run()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tollgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn up(options: Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything is started: a signal that comes early must not kill what is half there.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut stopped = async move || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let running = tokio::select! {
            running = serve(options) => running?,
            () = stopped() => return Ok(()),
        };
        if let Some(file) = &running.made_keys {
            say(&format!("made the keys which were not given: they are in {}", file.display()))?;
        }
        say(&format!("listening on http://{}", running.addr))?;
        stopped().await;
        running.shutdown().await;
        Ok::<_, anyhow::Error>(())
    })?;
    // What still runs has had its time, and the store is closed. Taking the runtime and the pool of instances apart would
    // only keep the caller waiting: it unmaps terabytes of address space, slot by slot.
    std::process::exit(0)
}

fn doctor(options: &Options) -> Result<ExitCode> {
    let mut healthy = true;
    for finding in examine(options) {
        for warning in &finding.warnings {
            say(&format!("warning  {}: {warning}", finding.what))?;
        }
        match finding.problem {
            None if !finding.warnings.is_empty() => {}
            None => say(&format!("ok       {}", finding.what))?,
            Some(problem) => {
                healthy = false;
                say(&format!("problem  {}: {problem}", finding.what))?;
            }
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| anyhow!("writing to stdout: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_the_defaults_of_the_library() {
        let Ok(Cli { command: Command::Up(up) }) = Cli::try_parse_from(["tollgate", "up"]) else {
            panic!("`tollgate up` needs nothing more");
        };
        let options = Options::from(up);
        let defaults = Options::new(&options.manifest, &options.data);
        assert_eq!(format!("{options:?}"), format!("{defaults:?}"));
    }
}
