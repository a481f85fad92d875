//! What the store costs: `cargo test -p tollgate --profile host --lib throughput -- --ignored --nocapture --test-threads 1`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::SqliteStore;
use crate::kv::KeyValue;
use crate::kv::durability::Durability;

const S: &str = "default";
const TIME: Duration = Duration::from_secs(2);
const THREADS: u64 = 2;
const BOTH: [Durability; 2] = [Durability::Strict, Durability::Relaxed];

/// Processor time of this process so far, in microseconds.
fn cpu() -> u128 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
    let ticks: u128 = fields[12].parse::<u128>().unwrap() + fields[13].parse::<u128>().unwrap();
    ticks * 10_000
}

/// Each caller increments a counter and waits until it may show the result.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    for callers in [1, 16, 64] {
        for durability in BOTH {
            measure("increments", durability, callers, async |store, caller, _| {
                let (_, seq) = store.increment(S, &format!("c{caller}"), 1).await.unwrap();
                store.durable(seq).await.unwrap();
            })
            .await;
        }
    }
}

/// The operations of one chat call: keys that everybody uses, keys that nobody has used before, and two waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn chat_calls() {
    for durability in BOTH {
        for callers in [1, 32] {
            measure("chat calls", durability, callers, async |store, caller, n| chat_call(store, caller, n).await)
                .await;
        }
    }
}

async fn chat_call(store: &SqliteStore, caller: u64, n: u64) {
    // Spread as random ids are.
    let id = format!("{:016x}", (caller << 40 | n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let value = |len: usize| Bytes::from(vec![b'x'; len]);
    for k in 0..14 {
        store.get(S, &format!("tenant/bench/setting/{k}")).await.unwrap();
    }
    let mut last = crate::kv::Seq::START;
    for k in 0..5 {
        store.exists(S, &format!("permit/{id}/{k}")).await.unwrap();
    }
    for k in 0..4 {
        store.increment(S, &format!("spend/bench/2026-11/{k}"), 100).await.unwrap();
        store.increment(S, &format!("permit/{id}/token-{k}"), 1).await.unwrap();
    }
    for k in 0..5 {
        last = store.set(S, &format!("permit/{id}/{k}"), value(250)).await.unwrap();
    }
    store.durable(last).await.unwrap();
    for k in 0..4 {
        store.increment(S, &format!("spend/bench/2026-11/{k}"), -50).await.unwrap();
    }
    let (entry, _) = store.increment(S, "log/tail", 1).await.unwrap();
    store.set(S, &format!("entry/{entry}"), value(700)).await.unwrap();
    for k in 0..4 {
        last = store.set(S, &format!("permit/{id}/done-{k}"), value(60)).await.unwrap();
    }
    store.delete(S, &format!("permit/{id}/0")).await.unwrap();
    store.durable(last).await.unwrap();
}

async fn measure(
    what: &str,
    durability: Durability,
    callers: u64,
    call: impl AsyncFn(&SqliteStore, u64, u64) + Copy + Send + 'static,
) {
    let folder = tempfile::tempdir_in(std::env::var("TOLLGATE_BENCH").unwrap_or_else(|_| "/tmp".into())).unwrap();
    let store = Arc::new(SqliteStore::open(folder.path(), durability).unwrap());
    let (started, cpu_before) = (Instant::now(), cpu());
    // As many threads as the small machine has processors, each with its share of the callers.
    let threads = (0..callers.min(THREADS)).map(|thread| {
        let store = store.clone();
        let mine = (thread..callers).step_by(usize::try_from(THREADS).unwrap());
        tokio::task::spawn_blocking(move || {
            let callers = mine.map(async |caller| {
                let mut times = Vec::new();
                while started.elapsed() < TIME {
                    let before = Instant::now();
                    call(&store, caller, times.len() as u64).await;
                    times.push(before.elapsed());
                    tokio::task::yield_now().await;
                }
                times
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(futures::future::join_all(callers)).concat()
        })
    });
    let times = futures::future::join_all(threads).await;
    let (elapsed, working) = (started.elapsed(), cpu() - cpu_before);
    let mut times: Vec<Duration> = times.into_iter().flat_map(Result::unwrap).collect();
    times.sort();
    let calls = times.len();
    let closing = Instant::now();
    store.close();
    let closed = closing.elapsed();
    let whole = cpu() - cpu_before;
    println!(
        "{what}, {callers:>2} callers, {durability:?}: {:.0}/s, cpu {:.1} us ({:.1} with the close of {closed:.0?}), p50 {:?}, p99 {:?}",
        calls as f64 / elapsed.as_secs_f64(),
        working as f64 / calls as f64,
        whole as f64 / calls as f64,
        times[calls / 2],
        times[calls * 99 / 100],
    );
}
