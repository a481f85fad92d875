//! Instances of a component: what each one carries ([`GuestData`]), how one is made, and how long it lives ([`worker`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::error::Context;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{HandlerState, Instance, ProxyPre};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::limits::MemoryLimit;
use self::worker::{Expiration, Worker, WorkerShared};
use crate::effects::Effects;
use crate::kv::bindings::Capabilities;
use crate::kv::{Backend, KeyValue, direct};
use crate::logs::GuestOutput;
use crate::metrics::Metrics;
use crate::outbound::client::{Hooks, OutboundClient};

pub mod limits;
pub mod worker;

pub use self::worker::{Gauge, RequestSlot};

/// How instances are used. The names are Spin's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests an instance serves before it is replaced.
    pub max_instance_reuse_count: usize,
    /// Requests it serves at the same time.
    pub max_instance_concurrent_reuse_count: usize,
    /// From the request to the head of the response, unless the request has a limit of its own.
    pub request_timeout: Duration,
    /// From the head of the response to the end of all work for it.
    pub stream_timeout: Duration,
    /// How long an instance waits for the next request.
    pub idle_instance_timeout: Duration,
    /// Linear memory of all parts of an instance together, in bytes.
    pub memory_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_instance_reuse_count: 128,
            max_instance_concurrent_reuse_count: 1,
            // More than a component waits itself, 45 s for a vendor after 30 s in a queue: its own answer says more.
            request_timeout: Duration::from_secs(90),
            stream_timeout: Duration::from_secs(600),
            idle_instance_timeout: Duration::from_secs(1),
            memory_limit: 64 * 1024 * 1024,
        }
    }
}

/// What the manifest grants a component, with every template filled in.
pub struct Granted {
    pub name: Arc<str>,
    pub stores: BTreeSet<String>,
    pub variables: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    pub client: OutboundClient,
}

/// The data of one instance.
pub struct GuestData {
    pub component: Arc<Granted>,
    pub effects: Arc<Effects>,
    pub metrics: Arc<Metrics>,
    pub table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    memory: MemoryLimit,
}

impl WasiView for GuestData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GuestData {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Everything this host offers to components, whose store is a `backend`.
pub fn linker(engine: &Engine, backend: &Backend) -> Result<Linker<GuestData>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    Capabilities::add_to_linker::<_, HasSelf<_>>(&mut linker, |data| data)?;
    if backend.is_embedded() {
        direct::add_to_linker(&mut linker)?;
    }
    Ok(linker)
}

/// A component that is ready to be instantiated.
pub struct Factory {
    pre: ProxyPre<GuestData>,
    engine: Engine,
    component: Arc<Granted>,
    kv: Arc<dyn KeyValue>,
    settings: Settings,
    metrics: Arc<Metrics>,
}

impl Factory {
    /// Links a component.
    ///
    /// # Errors
    /// It imports what neither its dependencies nor this host provide, or it isn't an HTTP component.
    pub fn new(
        linker: &Linker<GuestData>,
        compiled: &Component,
        component: Granted,
        kv: Arc<dyn KeyValue>,
        settings: Settings,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let name = component.name.clone();
        let pre = linker.instantiate_pre(compiled).with_context(|| {
            format!("component `{name}` imports what neither its dependencies in the manifest nor this host provide")
        })?;
        let pre = ServicePre::new(pre).with_context(|| {
            format!("component `{name}` doesn't export wasi:http/handler@0.3.0, which an HTTP trigger needs")
        })?;
        Ok(Self {
            pre: ProxyPre::P3(pre),
            engine: linker.engine().clone(),
            component: Arc::new(component),
            kv,
            settings,
            metrics,
        })
    }

    fn store(&self) -> Store<GuestData> {
        let effects = Arc::new(Effects::new(self.kv.clone()));
        let name = &self.component.name;
        let mut wasi = WasiCtx::builder();
        wasi.stdout(GuestOutput::new(name.clone(), "stdout"))
            .stderr(GuestOutput::new(name.clone(), "stderr"))
            .allow_tcp(false)
            .allow_udp(false);
        for (key, value) in &self.component.environment {
            wasi.env(key, value);
        }
        let data = GuestData {
            component: self.component.clone(),
            metrics: self.metrics.clone(),
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks { client: self.component.client.clone(), effects: effects.clone() },
            memory: MemoryLimit::new(self.settings.memory_limit),
            effects,
        };
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| &mut data.memory);
        // A guest that computes gives way at every tick; whoever polls its worker then sees whether its time is up.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
}

impl HandlerState for Factory {
    type StoreData = GuestData;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<GuestData, Self::WorkerExpiration, Self::WorkerState>> {
        let started = Instant::now();
        let mut store = self.store();
        let proxy = tokio::time::timeout(self.settings.request_timeout, self.pre.instantiate_async(&mut store))
            .await
            .map_err(|_| wasmtime::format_err!("the component takes too long to start"))??;
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(component = &*self.component.name, took_us, "instance made");
        let shared = Arc::new(WorkerShared::new(self.metrics.instances.clone()));
        Ok(Instance {
            store,
            proxy,
            view: GuestData::http,
            expiration: Expiration::new(self.settings.clone(), shared.clone()),
            state: Worker::new(self.component.name.clone(), self.settings.clone(), shared),
        })
    }
}
