//! The five operations for the stores that answer from memory: plain functions, where those of [`super::wasi`] may wait.
//!
//! A function that may wait costs its caller a suspended stack, also when there is nothing to wait for: a good part of what
//! an operation takes. A store in this process waits only when far too many writes are queued, or for a page of its file;
//! then this thread waits with it.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures::executor::block_on;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};

use super::bindings::wasi::keyvalue::store::Error;
use super::wasi::Bucket;
use super::{KvError, KvFuture, Seq};
use crate::instance::GuestData;
use crate::metrics::Operation;

type Store<'a> = StoreContextMut<'a, GuestData>;

const STORE: &str = "wasi:keyvalue/store@0.2.0-draft2";
const ATOMICS: &str = "wasi:keyvalue/atomics@0.2.0-draft2";

/// Puts them in the place of those that may wait.
pub fn add_to_linker(linker: &mut Linker<GuestData>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut store = linker.instance(STORE)?;
    store.func_wrap("[method]bucket.get", |store: Store<'_>, (bucket, key): (Resource<Bucket>, String)| {
        let (data, started) = (store.data(), Instant::now());
        let value = noted(data, data.effects.kv().get(label(data, &bucket)?, &key));
        data.metrics.operated(Operation::Get, started);
        Ok((value.map(|value| value.map(Vec::from)),))
    })?;
    store.func_wrap("[method]bucket.exists", |store: Store<'_>, (bucket, key): (Resource<Bucket>, String)| {
        let (data, started) = (store.data(), Instant::now());
        let there = noted(data, data.effects.kv().exists(label(data, &bucket)?, &key));
        data.metrics.operated(Operation::Exists, started);
        Ok((there,))
    })?;
    store.func_wrap(
        "[method]bucket.set",
        |store: Store<'_>, (bucket, key, value): (Resource<Bucket>, String, Vec<u8>)| {
            let (data, started) = (store.data(), Instant::now());
            let done = written(data, data.effects.kv().set(label(data, &bucket)?, &key, Bytes::from(value)));
            data.metrics.operated(Operation::Set, started);
            Ok((done,))
        },
    )?;
    store.func_wrap("[method]bucket.delete", |store: Store<'_>, (bucket, key): (Resource<Bucket>, String)| {
        let (data, started) = (store.data(), Instant::now());
        let done = written(data, data.effects.kv().delete(label(data, &bucket)?, &key));
        data.metrics.operated(Operation::Delete, started);
        Ok((done,))
    })?;
    let mut atomics = linker.instance(ATOMICS)?;
    atomics.func_wrap("increment", |store: Store<'_>, (bucket, key, delta): (Resource<Bucket>, String, i64)| {
        let (data, started) = (store.data(), Instant::now());
        let value = noted(data, data.effects.kv().increment(label(data, &bucket)?, &key, delta));
        data.metrics.operated(Operation::Increment, started);
        Ok((value,))
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

fn label<'a>(data: &'a GuestData, bucket: &Resource<Bucket>) -> wasmtime::Result<&'a str> {
    let Bucket(label) = data.table.get(bucket)?;
    Ok(label)
}

fn noted<T>(data: &GuestData, read: KvFuture<'_, (T, Seq)>) -> Result<T, Error> {
    let (value, seq) = finished(read)?;
    data.effects.note(seq);
    Ok(value)
}

fn written(data: &GuestData, write: KvFuture<'_, Seq>) -> Result<(), Error> {
    data.effects.note(finished(write)?);
    Ok(())
}

/// The outcome, which is nearly always there at once.
fn finished<T>(operation: KvFuture<'_, T>) -> Result<T, KvError> {
    let mut operation = pin!(operation);
    match operation.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => tokio::task::block_in_place(|| block_on(operation)),
    }
}
