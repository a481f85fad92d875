//! What every backend must do. Each backend's tests run all of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::{KeyValue, KvError, MAX_KEY_BYTES, MAX_VALUE_BYTES, Seq};

const S: &str = "default";

/// Runs the kit; `open` gives a fresh, empty store each time.
pub fn run<T: KeyValue>(open: impl Fn() -> Arc<T>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        values(&*open()).await;
        counters(&*open()).await;
        stores_are_separate(&*open()).await;
        bounds(&*open()).await;
        lists(&*open()).await;
        concurrent_increments(open()).await;
        durability(&*open()).await;
    });
}

async fn get(kv: &impl KeyValue, key: &str) -> Option<Vec<u8>> {
    let (value, _) = kv.get(S, key).await.unwrap();
    value.map(Vec::from)
}

async fn set(kv: &impl KeyValue, key: &str, value: &[u8]) -> Seq {
    kv.set(S, key, Bytes::copy_from_slice(value)).await.unwrap()
}

async fn increment(kv: &impl KeyValue, key: &str, delta: i64) -> Result<i64, KvError> {
    kv.increment(S, key, delta).await.map(|(value, _)| value)
}

async fn values(kv: &impl KeyValue) {
    assert_eq!(get(kv, "a").await, None);
    assert!(!kv.exists(S, "a").await.unwrap().0);
    kv.delete(S, "a").await.unwrap();

    set(kv, "a", b"one").await;
    assert_eq!(get(kv, "a").await.as_deref(), Some(&b"one"[..]));
    set(kv, "a", b"").await;
    assert_eq!(get(kv, "a").await.as_deref(), Some(&b""[..]), "empty is not absent");
    assert!(kv.exists(S, "a").await.unwrap().0);

    let seq = kv.delete(S, "a").await.unwrap();
    assert_eq!(get(kv, "a").await, None);
    kv.durable(seq).await.unwrap();
    assert_eq!(get(kv, "a").await, None, "still gone once it is committed");

    set(kv, "", b"empty key").await;
    set(kv, "schlüssel/\u{0}/x", b"odd key").await;
    assert_eq!(get(kv, "").await.as_deref(), Some(&b"empty key"[..]));
    assert_eq!(get(kv, "schlüssel/\u{0}/x").await.as_deref(), Some(&b"odd key"[..]));
}

async fn counters(kv: &impl KeyValue) {
    assert_eq!(increment(kv, "c", 0).await, Ok(0));
    assert_eq!(increment(kv, "c", 5).await, Ok(5));
    assert_eq!(increment(kv, "c", -7).await, Ok(-2));
    assert_eq!(increment(kv, "c", 0).await, Ok(-2));
    assert_eq!(get(kv, "c").await.as_deref(), Some(&(-2i64).to_le_bytes()[..]), "8 little-endian bytes");

    set(kv, "v", b"text").await;
    assert_eq!(increment(kv, "v", 1).await, Err(KvError::NotACounter { bytes: 4 }));
    assert_eq!(get(kv, "v").await.as_deref(), Some(&b"text"[..]), "unharmed");

    assert_eq!(increment(kv, "high", i64::MAX).await, Ok(i64::MAX));
    assert_eq!(increment(kv, "high", 1).await, Err(KvError::Overflow));
    assert_eq!(increment(kv, "high", 0).await, Ok(i64::MAX), "unharmed");
    assert_eq!(increment(kv, "low", i64::MIN).await, Ok(i64::MIN));
    assert_eq!(increment(kv, "low", -1).await, Err(KvError::Overflow));

    kv.delete(S, "c").await.unwrap();
    assert_eq!(increment(kv, "c", 1).await, Ok(1), "a deleted counter begins anew");
}

async fn stores_are_separate(kv: &impl KeyValue) {
    set(kv, "k", b"default").await;
    kv.set("other", "k", Bytes::from_static(b"other")).await.unwrap();
    assert_eq!(get(kv, "k").await.as_deref(), Some(&b"default"[..]));
    // The border between label and key must not blur.
    kv.set("defaul", "tk", Bytes::from_static(b"blurred")).await.unwrap();
    assert_eq!(get(kv, "k").await.as_deref(), Some(&b"default"[..]));
    let (keys, _) = kv.list_keys("other", None, 10).await.unwrap();
    assert_eq!(keys, ["k"]);
}

async fn bounds(kv: &impl KeyValue) {
    let key = "k".repeat(MAX_KEY_BYTES);
    set(kv, &key, b"x").await;
    assert!(kv.set(S, &format!("{key}k"), Bytes::new()).await.is_err());
    assert!(kv.increment(S, &format!("{key}k"), 1).await.is_err());
    let value = Bytes::from(vec![7; MAX_VALUE_BYTES]);
    kv.set(S, "big", value.clone()).await.unwrap();
    assert_eq!(kv.get(S, "big").await.unwrap().0, Some(value));
    let value = Bytes::from(vec![7; MAX_VALUE_BYTES + 1]);
    assert!(kv.set(S, "bigger", value).await.is_err());
    assert_eq!(get(kv, "bigger").await, None);
}

async fn lists(kv: &impl KeyValue) {
    let (keys, _) = kv.list_keys(S, None, 10).await.unwrap();
    assert!(keys.is_empty());
    let mut expected = BTreeSet::new();
    let mut seq = Seq::START;
    for n in 0..50 {
        let key = format!("k{n}");
        seq = set(kv, &key, b"x").await;
        expected.insert(key);
    }
    // Some on disk, some pending, some deleted while on disk.
    kv.durable(seq).await.unwrap();
    for n in 50..100 {
        set(kv, &format!("k{n}"), b"x").await;
        expected.insert(format!("k{n}"));
    }
    for n in (0..100).step_by(3) {
        kv.delete(S, &format!("k{n}")).await.unwrap();
        expected.remove(&format!("k{n}"));
    }
    for limit in [1, 7, 66, 67, 1_000] {
        let mut found: Vec<String> = Vec::new();
        loop {
            let after = found.last().map(String::as_str);
            let (page, _) = kv.list_keys(S, after, limit).await.unwrap();
            let last = page.len() < limit;
            found.extend(page);
            if last {
                break;
            }
        }
        let expected: Vec<&String> = expected.iter().collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "pages of {limit}");
    }
}

/// No increment is lost, and no two callers are given the same value.
async fn concurrent_increments(kv: Arc<impl KeyValue>) {
    const TASKS: i64 = 16;
    const EACH: i64 = 250;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let kv = kv.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..EACH {
                    let (value, seq) = kv.increment(S, "n", 1).await.unwrap();
                    kv.durable(seq).await.unwrap();
                    seen.push(value);
                }
                seen
            })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for task in tasks {
        seen.extend(task.await.unwrap());
    }
    assert_eq!(seen, (1..=TASKS * EACH).collect());
    assert_eq!(increment(&*kv, "n", 0).await, Ok(TASKS * EACH));
}

async fn durability(kv: &impl KeyValue) {
    assert!(kv.is_durable(Seq::START));
    let first = set(kv, "a", b"1").await;
    let (_, second) = kv.increment(S, "b", 1).await.unwrap();
    assert!(first <= second);
    // A reader depends on what it has seen.
    let (_, seen) = kv.get(S, "a").await.unwrap();
    assert!(seen == first || kv.is_durable(first));
    kv.durable(second).await.unwrap();
    assert!(kv.is_durable(first) && kv.is_durable(second));
    kv.close();
    kv.durable(second).await.unwrap();
}
