//! Lets pages read the answers this host gives by itself.
//!
//! The host knows no tenants. It follows the components' own rule: an origin that *some* tenant allows may read. Without
//! these headers a page would see a broken network where it is told to come back in a second.

use std::time::Duration;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
use http::{HeaderMap, HeaderValue};
use kv_schemas::families;
use tokio::time::timeout;

use crate::kv::KeyValue;

/// The store that the components' families live in.
const STORE: &str = "default";
/// A store that takes longer is in trouble; the refusal shouldn't wait for it.
const PATIENCE: Duration = Duration::from_millis(250);
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, retry-after");

/// Adds the headers to a refusal, if the page that asked may read it. A store that can't be read allows nothing.
///
/// What if we crash here? The origin may be lost again when its write wasn't durable yet. All the page has read then is an
/// error that says nothing about any tenant, so nothing waits for the disk.
pub async fn share(kv: &dyn KeyValue, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    let Some(origin) = origin else { return };
    let Ok(text) = origin.to_str() else { return };
    let key = families::ORIGIN.key(&[text]);
    if let Ok(Ok((true, _))) = timeout(PATIENCE, kv.exists(STORE, &key)).await {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::kv::memory::MemoryStore;
    use crate::kv::{KvError, KvFuture, Seq};

    /// What a store in trouble says to `exists`.
    enum Trouble {
        Fails,
        Hangs,
    }

    impl KeyValue for Trouble {
        fn exists<'a>(&'a self, _: &'a str, _: &'a str) -> KvFuture<'a, (bool, Seq)> {
            match self {
                Self::Fails => Box::pin(async { Err(KvError::Io("gone".into())) }),
                Self::Hangs => Box::pin(std::future::pending()),
            }
        }
        fn get<'a>(&'a self, _: &'a str, _: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)> {
            unreachable!("only looked at")
        }
        fn set<'a>(&'a self, _: &'a str, _: &'a str, _: Bytes) -> KvFuture<'a, Seq> {
            unreachable!("only looked at")
        }
        fn delete<'a>(&'a self, _: &'a str, _: &'a str) -> KvFuture<'a, Seq> {
            unreachable!("only looked at")
        }
        fn increment<'a>(&'a self, _: &'a str, _: &'a str, _: i64) -> KvFuture<'a, (i64, Seq)> {
            unreachable!("only looked at")
        }
        fn list_keys<'a>(&'a self, _: &'a str, _: Option<&'a str>, _: usize) -> KvFuture<'a, (Vec<String>, Seq)> {
            unreachable!("only looked at")
        }
        fn is_durable(&self, _: Seq) -> bool {
            true
        }
        fn durable(&self, _: Seq) -> KvFuture<'_, ()> {
            Box::pin(async { Ok(()) })
        }
        fn close(&self) {}
    }

    async fn check(kv: &dyn KeyValue, origin: Option<&'static str>, allowed: bool) {
        let mut headers = HeaderMap::new();
        share(kv, origin.map(HeaderValue::from_static), &mut headers).await;
        assert_eq!(headers.get(ACCESS_CONTROL_ALLOW_ORIGIN).is_some(), allowed, "{origin:?}: {headers:?}");
        assert_eq!(headers.len(), if allowed { 3 } else { 0 }, "{origin:?}: {headers:?}");
    }

    #[tokio::test]
    async fn only_known_origins_may_read() {
        let kv = MemoryStore::default();
        kv.set(STORE, "origin/https:%2F%2Fpage.example:8443", Bytes::new()).await.unwrap();
        kv.set("other", "origin/https:%2F%2Fother.example", Bytes::new()).await.unwrap();
        check(&kv, Some("https://page.example:8443"), true).await;
        check(&kv, Some("https://page.example"), false).await;
        check(&kv, Some("https://other.example"), false).await;
        check(&kv, Some(""), false).await;
        check(&kv, None, false).await;
    }

    #[tokio::test]
    async fn a_store_in_trouble_allows_nothing() {
        check(&Trouble::Fails, Some("https://page.example"), false).await;
        check(&Trouble::Hangs, Some("https://page.example"), false).await;
    }
}
