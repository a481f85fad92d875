//! What a server's configuration promises about what it has acknowledged, and where it falls short.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::cmd;
use tokio::time::timeout;

use super::server::{CONNECT_LIMIT, Server};

/// What a gate must know about its Redis; empty when everything acknowledged survives.
pub async fn doubts(connection: &mut MultiplexedConnection, server: &Server) -> Vec<String> {
    let mut values = HashMap::new();
    for name in ["appendonly", "appendfsync", "maxmemory-policy"] {
        // One by one: older servers take one name only.
        let mut ask = cmd("CONFIG");
        ask.arg("GET").arg(name);
        let asked = timeout(CONNECT_LIMIT, ask.query_async::<HashMap<String, String>>(connection));
        match asked.await {
            Ok(Ok(found)) => values.extend(found),
            // Managed services refuse it.
            Ok(Err(error)) => return vec![unknown(&server.describe(&error))],
            Err(_) => return vec![unknown("no answer")],
        }
    }
    judge(&values)
}

fn unknown(reason: &str) -> String {
    format!(
        "Redis doesn't tell its configuration ({reason}): whether acknowledged writes survive a crash of it, and whether \
         it evicts keys, is for its operator to know"
    )
}

fn judge(values: &HashMap<String, String>) -> Vec<String> {
    let value = |name: &str| values.get(name).map(String::as_str);
    let (Some(append), Some(sync), Some(policy)) =
        (value("appendonly"), value("appendfsync"), value("maxmemory-policy"))
    else {
        return vec![unknown("settings are missing")];
    };
    let mut doubts = Vec::new();
    match (append, sync) {
        ("yes", "always") => {}
        ("yes", "everysec") => doubts.push(
            "Redis has appendfsync everysec: a crash of its machine may lose the last second of acknowledged writes, \
             spent money among them; set appendfsync always"
                .into(),
        ),
        ("yes", other) => doubts.push(format!(
            "Redis has appendfsync {other}: a crash of its machine may lose many seconds of acknowledged writes, spent \
             money among them; set appendfsync always"
        )),
        (other, _) => doubts.push(format!(
            "Redis has appendonly {other}: a restart of it may lose everything acknowledged since its last snapshot, \
             spent money among it; set appendonly yes and appendfsync always"
        )),
    }
    if policy != "noeviction" {
        doubts.push(format!(
            "Redis has maxmemory-policy {policy}: when its memory is full it drops keys, counters and log entries among \
             them; set maxmemory-policy noeviction"
        ));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_loses_something_is_named() {
        let check = |append: &str, sync: &str, policy: &str, expected: &[&str]| {
            let values = [("appendonly", append), ("appendfsync", sync), ("maxmemory-policy", policy)];
            let doubts = judge(&values.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
            assert_eq!(doubts.len(), expected.len(), "{doubts:?}");
            for (doubt, expected) in doubts.iter().zip(expected) {
                assert!(doubt.starts_with(&format!("Redis has {expected}:")), "{doubt}");
            }
        };
        check("yes", "always", "noeviction", &[]);
        check("yes", "everysec", "noeviction", &["appendfsync everysec"]);
        check("yes", "no", "noeviction", &["appendfsync no"]);
        check("no", "always", "noeviction", &["appendonly no"]);
        check("yes", "always", "allkeys-lru", &["maxmemory-policy allkeys-lru"]);
        check("no", "everysec", "volatile-ttl", &["appendonly no", "maxmemory-policy volatile-ttl"]);
        assert_eq!(judge(&HashMap::new()).len(), 1, "nothing known is a doubt too");
    }
}
