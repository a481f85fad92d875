//! What `doctor` asks: would this start, and if not, why?

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use tokio::runtime;

use super::{Loader, create_private, grant, variables};
use crate::kv::memory::MemoryStore;
use crate::kv::{Backend, KeyValue, drill, redis};
use crate::manifest::Manifest;
use crate::metrics::Metrics;
use crate::variables::Variables;
use crate::{Options, compose};

/// One result of [`examine`].
pub struct Finding {
    pub what: String,
    /// What is wrong, if anything is.
    pub problem: Option<String>,
    /// What works, but not as well as it should.
    pub warnings: Vec<String>,
}

/// Looks at everything a start needs, without starting: what would fail, and why.
pub fn examine(options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut weak = Vec::new();
    let mut note = |what: String, result: Result<()>| {
        let problem = result.err().map(|error| format!("{error:#}"));
        findings.push(Finding { what, problem, warnings: Vec::new() });
    };
    let manifest = Manifest::load(&options.manifest);
    let what = format!("manifest {}", options.manifest.display());
    let manifest = match manifest {
        Ok(manifest) => {
            note(what, Ok(()));
            Some(manifest)
        }
        Err(error) => {
            note(what, Err(error));
            None
        }
    };
    if let Some(manifest) = manifest {
        // Keys would be made at the start, so their absence is no problem.
        let resolved = variables(options, &manifest, |names| {
            Ok(names.iter().map(|name| ((*name).into(), String::new())).collect())
        });
        match resolved {
            Ok(variables) => {
                note("variables".into(), Ok(()));
                weak = variables.warnings();
                examine_components(options, &manifest, &variables, &mut note);
            }
            Err(error) => note("variables".into(), Err(error)),
        }
    }
    let free = TcpListener::bind(options.listen).map(drop);
    note(format!("address {}", options.listen), free.map_err(anyhow::Error::from));
    if let Some(folder) = &options.drills {
        note(format!("drills {}", folder.display()), drill::check(folder));
    }
    if let Some(variables) = findings.iter_mut().find(|finding| finding.what == "variables") {
        variables.warnings = weak;
    }
    if let Backend::Redis(url) = &options.kv {
        findings.push(examine_redis(url));
    }
    findings
}

fn examine_redis(url: &redis::RedisUrl) -> Finding {
    let (problem, warnings) = match wait_for(redis::examine(url)) {
        Ok(warnings) => (None, warnings),
        Err(error) => (Some(format!("{error:#}")), Vec::new()),
    };
    Finding { what: format!("store {url}"), problem, warnings }
}

/// Waits on a thread of its own: the caller may or may not be inside a runtime.
fn wait_for<T: Send>(work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let run = || runtime::Builder::new_current_thread().enable_all().build()?.block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join()).map_err(|_| anyhow!("the check has failed"))?
}

fn examine_components(
    options: &Options,
    manifest: &Manifest,
    variables: &Variables,
    note: &mut impl FnMut(String, Result<()>),
) {
    let loader = match create_private(&options.data).and_then(|()| Loader::new(options)) {
        Ok(loader) => loader,
        Err(error) => return note("engine".into(), Err(error)),
    };
    let kv: Arc<dyn KeyValue> = Arc::new(MemoryStore::default());
    let metrics = Arc::new(Metrics::default());
    for (id, component) in &manifest.components {
        let routed = manifest.triggers.iter().any(|trigger| trigger.component == *id && trigger.route.is_some());
        let result = if routed {
            loader
                .compile(id, component)
                .and_then(|compiled| {
                    loader.factory(&compiled, grant(id, component, variables, &metrics)?, &kv, &metrics, options)
                })
                .map(drop)
        } else {
            compose::compose(id, component).map(drop)
        };
        note(format!("component `{id}`"), result);
    }
}
