//! What every backend must do. Each backend's tests run all of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::{KeyValue, KvError, MAX_KEY_BYTES, MAX_VALUE_BYTES, Seq};

const S: &str = "default";

/// Where backends may differ: they follow Spin's, and Spin's differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As Spin's SQLite store: labels keep their keys apart, a counter is 8 little-endian bytes.
    Embedded,
    /// As Spin's Redis store: there are no labels, a counter is decimal digits.
    Redis,
}

impl Layout {
    /// What `get` gives for a counter. Nothing of ours relies on it, but a store that changes hosts does.
    fn counter(self, value: i64) -> Vec<u8> {
        match self {
            Self::Embedded => value.to_le_bytes().into(),
            Self::Redis => value.to_string().into_bytes(),
        }
    }
}

/// Runs the kit on an embedded store; `open` gives a fresh, empty store each time.
pub fn run<T: KeyValue>(open: impl Fn() -> Arc<T>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(check(Layout::Embedded, async || open()));
}

/// Runs the kit where a runtime is there already.
pub async fn check<T: KeyValue>(layout: Layout, open: impl AsyncFn() -> Arc<T>) {
    values(&*open().await).await;
    kept_as_they_are(&*open().await).await;
    counters(&*open().await, layout).await;
    not_counters(&*open().await, layout).await;
    labels(&*open().await, layout).await;
    bounds(&*open().await).await;
    lists(&*open().await).await;
    lists_of_odd_keys(&*open().await).await;
    concurrent_increments(open().await).await;
    durability(&*open().await).await;
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

    set(kv, "a", b"back").await;
    assert_eq!(get(kv, "a").await.as_deref(), Some(&b"back"[..]), "a key may be used again");
}

/// Keys and values of all kinds come back byte for byte, and no key is taken for another.
async fn kept_as_they_are(kv: &impl KeyValue) {
    let keys = [
        "",
        " ",
        "k",
        "K",
        "k ",
        "k/",
        "k*",
        "k?",
        "[k]",
        "k\n",
        "k\r\nDEL k\r\n",
        "schlüssel",
        "schlu\u{308}ssel",
        "鍵",
        "\u{0}",
        "k\u{0}x",
    ];
    let all_bytes: Vec<u8> = (0..=255).collect();
    let value = |n: usize| [&all_bytes[..], b"\r\n$-1\r\n", &n.to_le_bytes()].concat();
    for (n, key) in keys.iter().enumerate() {
        set(kv, key, &value(n)).await;
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(get(kv, key).await, Some(value(n)), "{key:?}");
        assert!(kv.exists(S, key).await.unwrap().0, "{key:?}");
    }
    for key in keys {
        kv.delete(S, key).await.unwrap();
        assert!(!kv.exists(S, key).await.unwrap().0, "{key:?}");
    }
    assert!(kv.list_keys(S, None, 100).await.unwrap().0.is_empty());
    // What looks like a number is a value all the same.
    for text in ["7", "007", "-0", " 1", "9223372036854775808"] {
        set(kv, "number", text.as_bytes()).await;
        assert_eq!(get(kv, "number").await.as_deref(), Some(text.as_bytes()));
    }
}

async fn counters(kv: &impl KeyValue, layout: Layout) {
    assert_eq!(increment(kv, "c", 0).await, Ok(0), "absent is 0");
    assert_eq!(increment(kv, "c", 5).await, Ok(5));
    assert_eq!(increment(kv, "c", -7).await, Ok(-2));
    assert_eq!(increment(kv, "c", 0).await, Ok(-2));
    assert_eq!(get(kv, "c").await, Some(layout.counter(-2)));
    assert!(kv.exists(S, "c").await.unwrap().0);
    assert_eq!(increment(kv, "below", -3).await, Ok(-3), "a counter may begin below 0");
    assert_eq!(increment(kv, "below", 3).await, Ok(0));
    assert!(kv.exists(S, "below").await.unwrap().0, "0 is not absent");

    assert_eq!(increment(kv, "high", i64::MAX).await, Ok(i64::MAX));
    assert_eq!(increment(kv, "high", 1).await, Err(KvError::Overflow));
    assert_eq!(increment(kv, "high", i64::MAX).await, Err(KvError::Overflow));
    assert_eq!(increment(kv, "high", 0).await, Ok(i64::MAX), "unharmed");
    assert_eq!(get(kv, "high").await, Some(layout.counter(i64::MAX)));
    assert_eq!(increment(kv, "low", i64::MIN).await, Ok(i64::MIN));
    assert_eq!(increment(kv, "low", -1).await, Err(KvError::Overflow));
    assert_eq!(increment(kv, "low", i64::MIN).await, Err(KvError::Overflow));
    assert_eq!(increment(kv, "low", 0).await, Ok(i64::MIN), "unharmed");
    assert_eq!(increment(kv, "low", i64::MAX).await, Ok(-1));

    kv.delete(S, "c").await.unwrap();
    assert_eq!(increment(kv, "c", 1).await, Ok(1), "a deleted counter begins anew");
}

/// What isn't a counter isn't harmed by an increment.
async fn not_counters(kv: &impl KeyValue, layout: Layout) {
    let mut values: Vec<&[u8]> = vec![b"text", b"", b"1.5", b"0x10", b"1e3", &[0xff; 9]];
    match layout {
        Layout::Embedded => values.extend([&b"12"[..], &[0; 7]]),
        Layout::Redis => values.extend([&b" 1"[..], b"01", b"+1", &[0; 8], b"9223372036854775808"]),
    }
    for value in values {
        set(kv, "v", value).await;
        for delta in [1, 0, -1] {
            assert_eq!(increment(kv, "v", delta).await, Err(KvError::NotACounter), "{value:?}");
        }
        assert_eq!(get(kv, "v").await.as_deref(), Some(value), "unharmed");
    }
}

async fn labels(kv: &impl KeyValue, layout: Layout) {
    set(kv, "k", b"default").await;
    let other = async |key: &'static str| kv.get("other", key).await.unwrap().0;
    if layout == Layout::Redis {
        assert_eq!(other("k").await.as_deref(), Some(&b"default"[..]), "one store under every label");
        return;
    }
    kv.set("other", "k", Bytes::from_static(b"other")).await.unwrap();
    assert_eq!(get(kv, "k").await.as_deref(), Some(&b"default"[..]));
    // The border between label and key must not blur.
    kv.set("defaul", "tk", Bytes::from_static(b"blurred")).await.unwrap();
    assert_eq!(get(kv, "k").await.as_deref(), Some(&b"default"[..]));
    assert_eq!(kv.increment("other", "n", 1).await.unwrap().0, 1);
    assert_eq!(increment(kv, "n", 1).await, Ok(1));
    let (keys, _) = kv.list_keys("other", None, 10).await.unwrap();
    assert_eq!(keys, ["k", "n"]);
}

async fn bounds(kv: &impl KeyValue) {
    let key = "k".repeat(MAX_KEY_BYTES);
    set(kv, &key, b"x").await;
    assert_eq!(get(kv, &key).await.as_deref(), Some(&b"x"[..]));
    let too_long = format!("{key}k");
    for error in [kv.set(S, &too_long, Bytes::new()).await.err(), kv.increment(S, &too_long, 1).await.err()] {
        assert!(matches!(error, Some(KvError::TooLarge { limit: MAX_KEY_BYTES, .. })), "{error:?}");
    }
    let value = Bytes::from(vec![7; MAX_VALUE_BYTES]);
    kv.set(S, "big", value.clone()).await.unwrap();
    assert_eq!(kv.get(S, "big").await.unwrap().0, Some(value));
    let value = Bytes::from(vec![7; MAX_VALUE_BYTES + 1]);
    let error = kv.set(S, "bigger", value).await.unwrap_err();
    assert!(matches!(error, KvError::TooLarge { limit: MAX_VALUE_BYTES, .. }), "{error}");
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

async fn lists_of_odd_keys(kv: &impl KeyValue) {
    assert!(kv.list_keys(S, Some("zzz"), 10).await.unwrap().0.is_empty());
    let mut keys = ["b", "", "a", "é", "a*", "A", "z", "\u{10ffff}", "a\u{0}"].map(String::from);
    for key in &keys {
        set(kv, key, b"x").await;
    }
    increment(kv, "counter", 1).await.unwrap();
    set(kv, "a", b"again").await;
    keys.sort();
    let (listed, _) = kv.list_keys(S, None, 100).await.unwrap();
    let mut expected: Vec<&str> = keys.iter().map(String::as_str).chain(["counter"]).collect();
    expected.sort();
    assert_eq!(listed, expected, "in byte order, each once, counters too");
    assert_eq!(kv.list_keys(S, Some(""), 2).await.unwrap().0, expected[1..3], "after the empty key");
    assert_eq!(kv.list_keys(S, Some("a0"), 2).await.unwrap().0, ["b", "counter"], "after a key that isn't there");
    assert!(kv.list_keys(S, None, 0).await.unwrap().0.is_empty());
}

/// No increment is lost, and no two callers are given the same value.
async fn concurrent_increments(kv: Arc<impl KeyValue>) {
    const TASKS: i64 = 64;
    const EACH: i64 = 60;
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
        let values = task.await.unwrap();
        assert!(values.is_sorted(), "a caller's own increments are in order");
        seen.extend(values);
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
