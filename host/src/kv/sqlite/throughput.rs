//! What relaxed gains over strict here: `cargo test -p tollgate --profile host --lib throughput -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::SqliteStore;
use crate::kv::KeyValue;
use crate::kv::durability::Durability;

const TIME: Duration = Duration::from_secs(2);

/// Each caller increments a counter and waits until it may show the result.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    for callers in [1, 16, 64] {
        for durability in [Durability::Strict, Durability::Relaxed] {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(SqliteStore::open(folder.path(), durability).unwrap());
            let started = Instant::now();
            let tasks = (0..callers).map(|caller| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut done = 0u128;
                    while started.elapsed() < TIME {
                        let (_, seq) = store.increment("default", &format!("c{caller}"), 1).await.unwrap();
                        store.durable(seq).await.unwrap();
                        done += 1;
                    }
                    done
                })
            });
            let done: u128 = futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).sum();
            let rate = done * 1_000 / started.elapsed().as_millis();
            println!("{callers:>3} callers, {durability:?}: {rate} increments/s");
        }
    }
}
