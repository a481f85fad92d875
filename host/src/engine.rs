//! The WebAssembly engine: its settings, and the cache of compiled components.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, ProfilingStrategy};

use crate::keys::hex;
use crate::pages;

/// How often a guest that computes gives way to others, and how exact its deadline is.
const EPOCH: Duration = Duration::from_millis(4);
/// Parts of a composed component: each brings three core instances, a memory and two tables.
const PARTS: u32 = 6;
/// How much of a table stays mapped between instances. Nothing stays of a memory: `linear_memory_keep_resident` clears the
/// lowest pages, which are the end of a stack that no instance ever reaches, and so makes them resident for good. Nor is the
/// kernel asked which pages were written (`pagemap_scan`): it doesn't name those in swap, and the next instance would find them.
const KEEP_RESIDENT: usize = 64 * 1024;

/// Set in the environment: components are compiled for the processors of this architecture in general, not for this one. Their
/// code then serves an emulated one too, and instructions counted on two machines compare.
const PORTABLE: &str = "TOLLGATE_PORTABLE_CODE";
/// Set in the environment: `perf` learns the names of the components' functions, from `/tmp/perf-<pid>.map`.
const PERF_MAP: &str = "TOLLGATE_PERF_MAP";

/// Makes an engine for at most `instances` instances at a time.
///
/// # Errors
/// The processor or the system can't run it.
pub fn build(instances: u32, memory_limit: usize) -> Result<Engine> {
    if is_portable() {
        // Code that expects a pool is other code, and an emulated machine has no room for one.
        return Ok(Engine::new(&config())?);
    }
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(PARTS * 3))
        .total_memories(instances.saturating_mul(PARTS))
        .total_tables(instances.saturating_mul(PARTS * 2))
        .total_stacks(instances.saturating_mul(2))
        .max_memory_size(memory_limit)
        .max_memories_per_component(64)
        .max_tables_per_component(128)
        .table_keep_resident(KEEP_RESIDENT);
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            // The pool reserves terabytes of address space, which a process under a limit doesn't get.
            tracing::warn!(%error, "no pool of instances: each one is allocated when it is needed");
            Ok(Engine::new(&self::config())?)
        }
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true).wasm_component_model_async(true).epoch_interruption(true);
    if std::env::var_os(PERF_MAP).is_some() {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    if is_portable() {
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        if let Err(error) = config.target(&triple) {
            tracing::warn!(%error, "{PORTABLE} has no effect");
        }
    }
    config
}

fn is_portable() -> bool {
    std::env::var_os(PORTABLE).is_some()
}

/// Moves the engine's clock until the engine is gone.
pub fn start_clock(engine: &Engine) -> Result<()> {
    let engine: EngineWeak = engine.weak();
    thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(EPOCH);
        }
    })?;
    Ok(())
}

/// Compiles a component, or takes it from the cache.
pub fn load(engine: &Engine, bytes: &[u8], cache: &Path) -> Result<Component> {
    let component = compiled(engine, bytes, cache)?;
    pages::enlarge(component.image_range());
    Ok(component)
}

fn compiled(engine: &Engine, bytes: &[u8], cache: &Path) -> Result<Component> {
    let mut compatibility = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    let key = hex(&Sha256::digest(bytes));
    let file = cache.join(format!("{key}-{:016x}.cwasm", compatibility.finish()));
    match cached(engine, &file) {
        Ok(Some(component)) => return Ok(component),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(file = %file.display(), error = %format!("{error:#}"), "cached component not used");
        }
    }
    let component = Component::new(engine, bytes)?;
    // The cache only saves time: whatever goes wrong with it, the component is there.
    if let Err(error) = store(&component, &file) {
        tracing::warn!(file = %file.display(), error = %format!("{error:#}"), "compiled component not cached");
    }
    Ok(component)
}

fn cached(engine: &Engine, file: &Path) -> Result<Option<Component>> {
    let contents = match fs::read(file) {
        Ok(contents) => contents,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (sum, compiled) = contents.split_at_checked(32).context("it is too short")?;
    if Sha256::digest(compiled)[..] != *sum {
        bail!("its checksum is wrong");
    }
    // SAFETY: the bytes are what `Component::serialize` gave (the checksum excludes damage), and who can replace a file in
    // the gate's own data folder, checksum included, can replace the components there as well. wasmtime checks version and
    // settings itself.
    Ok(Some(unsafe { Component::deserialize(engine, compiled)? }))
}

/// Crash in the middle: a temporary file is left over, never a half-written cache entry under its real name.
fn store(component: &Component, file: &Path) -> Result<()> {
    let compiled = component.serialize()?;
    let mut contents = Sha256::digest(&compiled).to_vec();
    contents.extend_from_slice(&compiled);
    let temporary = file.with_extension(format!("new{}", std::process::id()));
    fs::write(&temporary, contents)?;
    fs::rename(&temporary, file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    /// Damages a cached component and loads it again.
    #[track_caller]
    fn check(damage: impl FnOnce(&mut Vec<u8>)) {
        let cache = tempfile::tempdir().unwrap();
        let engine = build(4, 1 << 20).unwrap();
        load(&engine, EMPTY, cache.path()).unwrap();
        let file = fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap();
        let mut contents = fs::read(file.path()).unwrap();
        let intact = contents.clone();
        damage(&mut contents);
        fs::write(file.path(), contents).unwrap();

        load(&engine, EMPTY, cache.path()).unwrap();
        assert!(cached(&engine, &file.path()).unwrap().is_some(), "repaired");
        assert_eq!(fs::read(file.path()).unwrap(), intact);
    }

    #[test]
    fn a_damaged_cache_is_replaced() {
        check(Vec::clear);
        check(|bytes| bytes.truncate(20));
        check(|bytes| bytes.truncate(bytes.len() / 2));
        check(|bytes| *bytes.last_mut().unwrap() ^= 1);
        check(|bytes| bytes[0] ^= 1);
        check(|bytes| bytes.fill(0));
    }

    #[test]
    fn a_cache_that_can_not_be_written_is_no_obstacle() {
        let engine = build(4, 1 << 20).unwrap();
        load(&engine, EMPTY, Path::new("/nonexistent/folder")).unwrap();
    }
}
