//! Paths and methods.

use http::Method;
use shell::{Call, KeyValue, Problem, Reply, operator};

use crate::{checks, maintenance, metrics, snapshots};

/// Answers one request.
pub async fn route(call: &Call, store: KeyValue) -> Result<Reply, Problem> {
    let path = call.segments();
    let allowed = methods(&path).ok_or_else(|| Problem::not_found("There is nothing at this path."))?;
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::method_not_allowed(allowed));
    }
    operator::admit(call).await?;
    match path.as_slice() {
        ["metrics"] => metrics::get(&store),
        ["v1", "snapshot"] => snapshots::now(&store),
        ["v1", "snapshots"] if call.method == Method::POST => snapshots::post(&store),
        ["v1", "snapshots"] => snapshots::list(call, &store),
        ["v1", "snapshots", name] => snapshots::get(&store, name),
        ["v1", "checks"] => checks::list(&store),
        ["v1", "checks", name] if call.method == Method::PUT => checks::put(call, &store, name),
        ["v1", "checks", name] if call.method == Method::DELETE => checks::delete(&store, name),
        ["v1", "checks", name] => checks::get(&store, name),
        _ => maintenance::round(),
    }
}

fn methods(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        ["metrics"] | ["v1", "snapshot"] | ["v1", "snapshots", _] | ["v1", "checks"] => &["GET"],
        ["v1", "snapshots"] => &["GET", "POST"],
        ["v1", "checks", _] => &["GET", "PUT", "DELETE"],
        ["v1", "maintenance", "operations"] => &["POST"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_methods() {
        let check = |path: &str, expected: Option<&str>| {
            let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
            assert_eq!(methods(&segments).map(|methods| methods.join(", ")).as_deref(), expected, "{path}");
        };
        check("/metrics", Some("GET"));
        check("/metrics/x", None);
        check("/v1/snapshot", Some("GET"));
        check("/v1/snapshot/x", None);
        check("/v1/snapshots", Some("GET, POST"));
        check("/v1/snapshots/snapshot_2026-11-21_0005Z", Some("GET"));
        check("/v1/checks", Some("GET"));
        check("/v1/checks/age-gate", Some("GET, PUT, DELETE"));
        check("/v1/maintenance/operations", Some("POST"));
        check("/v1/maintenance", None);
    }
}
