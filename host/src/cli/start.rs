//! What `up` is started with, and what `doctor` looks at without starting.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tollgate::Options;
use tollgate::kv::Backend;
use tollgate::kv::durability::Durability;

#[derive(Args)]
pub struct Up {
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDR", overrides_with = "listen")]
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
    pub manifest: PathBuf,
    /// What the sqlite store's answers and calls to vendors survive.
    #[arg(long, value_enum, default_value = "strict")]
    durability: Durability,
    /// For drills: while there is a file `store-down` in this folder, every request finds the store out of reach.
    #[arg(long, value_name = "DIR")]
    drills: Option<PathBuf>,
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
        options.drills = up.drills;
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

pub fn name_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let error = || format!("`{text}` is no number of seconds");
    let seconds: f64 = text.parse().map_err(|_| error())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| error())
}
