//! `GET /metrics`: what is counted, as Prometheus reads it (text format 0.0.4).

use kv_schemas::{Store, StoreError, families};
use shell::{Problem, Reply, offline};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What `webhook-ingest` counts, in the order in which it is shown, after what was received.
const WEBHOOK_OUTCOMES: [&str; 5] = ["verified", "rejected", "duplicate", "failed", "dead"];

/// The numbers of all nodes on this store. They start at 0 with an empty store and only grow.
pub fn get(store: &dyn Store) -> Result<Reply, Problem> {
    let text = webhook_events(store).map_err(|error| offline(&error))?;
    Ok(Reply::bytes(200, CONTENT_TYPE, text))
}

fn webhook_events(store: &dyn Store) -> Result<String, StoreError> {
    let count = |outcome: &str| families::WEBHOOK_COUNT.counter(&[outcome]).read(store);
    // One that is refused costs one count and no more, so what was received is the sum.
    let received = count("verified")?.saturating_add(count("rejected")?);
    let name = "tollgate_webhook_events_total";
    let mut text = format!(
        "# HELP {name} Deliveries of webhooks (received, verified, rejected, duplicate), failed attempts at an effect, and \
         dead letters.\n# TYPE {name} counter\n{name}{{status=\"received\"}} {received}\n"
    );
    for outcome in WEBHOOK_OUTCOMES {
        text.push_str(&format!("{name}{{status=\"{outcome}\"}} {}\n", count(outcome)?));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn counts_are_shown_line_by_line() {
        let store = Memory::default();
        let samples = |store: &Memory| {
            let text = webhook_events(store).unwrap();
            assert!(text.ends_with('\n') && text.starts_with("# HELP tollgate_webhook_events_total "), "{text}");
            assert_eq!(text.lines().nth(1), Some("# TYPE tollgate_webhook_events_total counter"));
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.replace("tollgate_webhook_events_total", "")).collect::<Vec<_>>().join(" ")
        };
        let shown = r#"{status="received"} 0 {status="verified"} 0 {status="rejected"} 0 {status="duplicate"} 0 {status="failed"} 0 {status="dead"} 0"#;
        assert_eq!(samples(&store), shown);
        for (outcome, times) in [("verified", 5), ("rejected", 2_000), ("duplicate", 3), ("failed", 8), ("dead", 1)] {
            families::WEBHOOK_COUNT.counter(&[outcome]).add(&store, times).unwrap();
        }
        let shown = r#"{status="received"} 2005 {status="verified"} 5 {status="rejected"} 2000 {status="duplicate"} 3 {status="failed"} 8 {status="dead"} 1"#;
        assert_eq!(samples(&store), shown);
    }

    #[test]
    fn without_the_store_there_are_no_numbers() {
        let store = Memory::default();
        store.fail_after(0);
        assert_eq!(get(&store).err().map(|problem| problem.kind.status()), Some(503));
    }
}
