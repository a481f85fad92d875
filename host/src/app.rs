//! Puts an application together: manifest, variables, store, components, routes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use wasmtime::Engine;
use wasmtime::component::{Component as Compiled, Linker};
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::instance::{Factory, Granted, GuestData};
use crate::kv::drill::{self, Drilled};
use crate::kv::memory::MemoryStore;
use crate::kv::redis::RedisStore;
use crate::kv::sqlite::SqliteStore;
use crate::kv::{Backend, KeyValue};
use crate::manifest::{Component, Manifest};
use crate::metrics::Metrics;
use crate::outbound::client::OutboundClient;
use crate::outbound::policy::Policy;
use crate::server::Gate;
use crate::server::routes::{Route, Routes};
use crate::variables::Variables;
use crate::{Options, compose, engine, instance, keys, timer};

mod examine;

pub use self::examine::{Finding, examine};

/// An application that is ready for requests.
pub struct App {
    pub gate: Arc<Gate>,
    /// The routes of the maintenance, with instances of their own: an instance lives on the thread of whoever had it made.
    pub maintenance: Arc<Gate>,
    pub metrics: Arc<Metrics>,
    pub kv: Arc<dyn KeyValue>,
    pub admin_key: Option<String>,
    pub made_keys: Option<PathBuf>,
}

impl App {
    /// Loads everything that `options` names.
    pub async fn start(options: &Options) -> Result<Self> {
        let options = options.clone();
        // Compiling takes seconds and blocks; the caller's thread may have other things to do.
        tokio::task::spawn_blocking(move || Self::load(&options)).await?
    }

    fn load(options: &Options) -> Result<Self> {
        let manifest = Manifest::load(&options.manifest)?;
        if let Some(folder) = &options.drills {
            drill::check(folder)?;
        }
        create_private(&options.data)?;
        let mut made_keys = None;
        let variables = variables(options, &manifest, |names| {
            let made = keys::load_or_make(&options.data, names)?;
            if made.new {
                if let Backend::Redis(_) = options.kv {
                    tracing::warn!(
                        file = %made.file.display(),
                        "keys were made for this gate alone: every other gate on the same store needs the same ones, or it \
                         can't open what this one seals"
                    );
                }
                made_keys = Some(made.file);
            }
            Ok(made.values)
        })?;
        for warning in variables.warnings() {
            tracing::warn!("{warning}");
        }
        let loader = Loader::new(options)?;
        let kv: Arc<dyn KeyValue> = match &options.kv {
            Backend::Memory => Arc::new(MemoryStore::default()),
            Backend::Sqlite => Arc::new(SqliteStore::open(&options.data, options.durability)?),
            // On a thread for blocking work, where waiting is allowed.
            Backend::Redis(url) => Arc::new(Handle::current().block_on(RedisStore::open(url))?),
        };
        let kv = match &options.drills {
            Some(folder) => Arc::new(Drilled::new(kv, folder)?),
            None => kv,
        };
        let metrics = Arc::new(Metrics::default());
        let mut components = BTreeMap::new();
        let (mut served, mut maintained) = (Table::default(), Table::default());
        for trigger in &manifest.triggers {
            let Some(route) = &trigger.route else { continue };
            let (id, component) = (&trigger.component, &manifest.components[&trigger.component]);
            if !components.contains_key(id) {
                components.insert(id.clone(), loader.compile(id, component)?);
            }
            let handler = || {
                let granted = grant(id, component, &variables, &metrics)?;
                loader.factory(&components[id], granted, &kv, &metrics, options).map(ProxyHandler::new)
            };
            served.add(id, route, handler)?;
            if timer::calls(route) {
                maintained.add(id, route, handler)?;
            }
        }
        tracing::info!(application = manifest.application, components = components.len(), "loaded");
        Ok(Self {
            gate: served.into_gate(options, &kv, &metrics),
            maintenance: maintained.into_gate(options, &kv, &metrics),
            metrics,
            kv,
            admin_key: variables.get("admin_key").map(str::to_owned),
            made_keys,
        })
    }
}

/// Routes, and the instances that serve them.
#[derive(Default)]
struct Table {
    handlers: BTreeMap<String, ProxyHandler<Factory>>,
    routes: Vec<(Route, ProxyHandler<Factory>)>,
}

impl Table {
    fn add(&mut self, id: &str, route: &Route, make: impl FnOnce() -> Result<ProxyHandler<Factory>>) -> Result<()> {
        if !self.handlers.contains_key(id) {
            self.handlers.insert(id.to_owned(), make()?);
        }
        self.routes.push((route.clone(), self.handlers[id].clone()));
        Ok(())
    }

    fn into_gate(self, options: &Options, kv: &Arc<dyn KeyValue>, metrics: &Arc<Metrics>) -> Arc<Gate> {
        let request_timeout = options.settings.request_timeout;
        let routes = Routes::new(self.routes);
        Arc::new(Gate::new(routes, options.limits.clone(), request_timeout, kv.clone(), metrics.clone()))
    }
}

fn variables(
    options: &Options,
    manifest: &Manifest,
    made: impl FnOnce(&[&str]) -> Result<BTreeMap<String, String>>,
) -> Result<Variables> {
    let environment = |name: &str| std::env::var(name).ok();
    Variables::resolve(manifest, &options.variables, environment, made)
}

/// Keys and prompts of customers live in there: for this user's eyes only.
fn create_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("creating {}", folder.display()))
}

/// Compiles and links components.
struct Loader {
    engine: Engine,
    linker: Linker<GuestData>,
    cache: PathBuf,
}

impl Loader {
    fn new(options: &Options) -> Result<Self> {
        let cache = options.cache.clone().unwrap_or_else(|| options.data.join("cache"));
        create_private(&cache)?;
        // Beside the busy ones there are idle ones, for a second each.
        let busy = u32::try_from(options.limits.max_concurrent_requests).unwrap_or(u32::MAX);
        let instances = busy.saturating_add(busy / 4).saturating_add(64);
        let engine = engine::build(instances, options.settings.memory_limit)?;
        engine::start_clock(&engine)?;
        let linker = instance::linker(&engine, &options.kv)?;
        Ok(Self { engine, linker, cache })
    }

    fn compile(&self, id: &str, component: &Component) -> Result<Compiled> {
        let bytes = compose::compose(id, component)?;
        engine::load(&self.engine, &bytes, &self.cache).with_context(|| format!("component `{id}` can't be compiled"))
    }

    fn factory(
        &self,
        compiled: &Compiled,
        granted: Granted,
        kv: &Arc<dyn KeyValue>,
        metrics: &Arc<Metrics>,
        options: &Options,
    ) -> Result<Factory> {
        Factory::new(&self.linker, compiled, granted, kv.clone(), options.settings.clone(), metrics.clone())
    }
}

fn grant(id: &str, component: &Component, variables: &Variables, metrics: &Metrics) -> Result<Granted> {
    let expanded =
        component.allowed_outbound_hosts.iter().map(|host| variables.expand(host)).collect::<Result<Vec<String>>>()?;
    let policy = Policy::parse(expanded.iter().map(String::as_str))
        .with_context(|| format!("component `{id}`, allowed_outbound_hosts"))?;
    let mut own = BTreeMap::new();
    for (name, template) in &component.variables {
        own.insert(name.clone(), variables.expand(template)?);
    }
    let collector = Policy::parse(own.get("otlp_endpoint").map(String::as_str))
        .with_context(|| format!("component `{id}`, variable `otlp_endpoint`"))?;
    Ok(Granted {
        name: id.into(),
        stores: component.key_value_stores.clone(),
        variables: own,
        environment: component.environment.clone(),
        client: OutboundClient::new(id, policy, collector, metrics)?,
    })
}
