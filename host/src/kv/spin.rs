//! `spin:key-value` for guests: the asynchronous interface of Spin's own SDK.

use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use super::bindings::spin::key_value::key_value::{self, Error};
use super::{KvError, Seq};
use crate::effects::Effects;
use crate::instance::GuestData;

/// Keys read from the store at a time.
const PAGE: usize = 1_000;
/// `get-keys` hands out one snapshot; past this many the caller should keep an index instead.
const MAX_KEYS: usize = 1_000_000;

/// An opened store: its label, already checked.
pub struct OpenStore(String);

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.to_string())
    }
}

/// What an operation needs, taken out of the instance so that it isn't borrowed while waiting.
fn opened<T>(
    accessor: &Accessor<T, HasSelf<GuestData>>,
    store: &Resource<OpenStore>,
) -> Result<(Arc<Effects>, String)> {
    accessor.with(|mut access| {
        let data = access.get();
        let OpenStore(label) = data.table.get(store)?;
        Ok((data.effects.clone(), label.clone()))
    })
}

fn noted<T>(effects: &Effects, result: Result<(T, Seq), KvError>) -> Result<T, Error> {
    let (value, seq) = result?;
    effects.note(seq);
    Ok(value)
}

impl key_value::Host for GuestData {}

impl key_value::HostStore for GuestData {
    async fn drop(&mut self, store: Resource<OpenStore>) -> Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl<T: Send + 'static> key_value::HostStoreWithStore<T> for HasSelf<GuestData> {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Result<Result<Resource<OpenStore>, Error>> {
        accessor.with(|mut access| {
            let data = access.get();
            if !data.component.stores.contains(&label) {
                return Ok(Err(Error::AccessDenied));
            }
            Ok(Ok(data.table.push(OpenStore(label))?))
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Result<Option<Vec<u8>>, Error>> {
        let (effects, label) = opened(accessor, &store)?;
        let value = noted(&effects, effects.kv().get(&label, &key).await);
        Ok(value.map(|value| value.map(Vec::from)))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<Result<(), Error>> {
        let (effects, label) = opened(accessor, &store)?;
        let seq = effects.kv().set(&label, &key, value.into()).await;
        Ok(noted(&effects, seq.map(|seq| ((), seq))))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Result<(), Error>> {
        let (effects, label) = opened(accessor, &store)?;
        let seq = effects.kv().delete(&label, &key).await;
        Ok(noted(&effects, seq.map(|seq| ((), seq))))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
        key: String,
    ) -> Result<Result<bool, Error>> {
        let (effects, label) = opened(accessor, &store)?;
        Ok(noted(&effects, effects.kv().exists(&label, &key).await))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        store: Resource<OpenStore>,
    ) -> Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (effects, label) = opened(accessor, &store)?;
        let (keys, outcome) = match all_keys(&effects, &label).await {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        accessor.with(|mut access| {
            let stream = StreamReader::new(&mut access, keys)?;
            let future = FutureReader::new(&mut access, async move { wasmtime::error::Ok(outcome) })?;
            Ok((stream, future))
        })
    }
}

async fn all_keys(effects: &Effects, label: &str) -> Result<Vec<String>, Error> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let after = keys.last().map(String::as_str);
        let page = effects.kv().list_keys(label, after, PAGE).await;
        let page = noted(effects, page)?;
        let last = page.len() < PAGE;
        keys.extend(page);
        if last {
            return Ok(keys);
        }
        if keys.len() >= MAX_KEYS {
            return Err(Error::Other(format!("more than {MAX_KEYS} keys")));
        }
    }
}
