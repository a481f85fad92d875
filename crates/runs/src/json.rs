//! The size and the depth of JSON. What is stored must be readable again: parsers give up on what is nested very deep.

use serde_json::Value as Json;

use crate::error::Invalid;

/// Levels: a run's record adds some, and a parser takes 128.
const MAX_DEPTH: usize = 64;

/// Bytes when written without spaces.
pub(crate) fn size(value: &Json) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}

/// Not larger than `most` bytes, and not too deep.
pub(crate) fn bounded(param: &str, value: &Json, most: usize) -> Result<(), Invalid> {
    if !is_shallow(value, MAX_DEPTH) {
        return Err(Invalid::new(param, format!("must be nested at most {MAX_DEPTH} deep")));
    }
    if size(value) > most { Err(Invalid::new(param, at_most(most))) } else { Ok(()) }
}

/// The words for it.
pub(crate) fn at_most(most: usize) -> String {
    format!("must have at most {} KiB", most / 1024)
}

fn is_shallow(value: &Json, levels: usize) -> bool {
    let below = levels.checked_sub(1);
    match value {
        Json::Array(values) => below.is_some_and(|below| values.iter().all(|value| is_shallow(value, below))),
        Json::Object(fields) => below.is_some_and(|below| fields.values().all(|value| is_shallow(value, below))),
        _ => true,
    }
}
