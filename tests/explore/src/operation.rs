//! One store operation and what it answers, in interned form.

use crate::intern::Interner;

/// An operation that an actor is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Get(u32),
    Set(u32, u32),
    Delete(u32),
    Exists(u32),
    Increment(u32, i64),
}

/// What the actor was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Value(Option<u32>),
    Done,
    Flag(bool),
    Sum(i64),
    /// The store failed; whether it had applied the operation, the actor can't tell.
    Failed,
}

impl Operation {
    pub fn key(self) -> u32 {
        match self {
            Self::Get(key) | Self::Set(key, _) | Self::Delete(key) | Self::Exists(key) | Self::Increment(key, _) => key,
        }
    }

    /// Whether it can't change anything. (Adding 0 may create the key.)
    pub fn reads(self) -> bool {
        matches!(self, Self::Get(_) | Self::Exists(_))
    }

    pub fn show(self, names: &Interner) -> String {
        let key = names.key_name(self.key());
        match self {
            Self::Get(_) => format!("get {key}"),
            Self::Set(_, value) => format!("set {key} = {}", text(names, value)),
            Self::Delete(_) => format!("delete {key}"),
            Self::Exists(_) => format!("exists {key}"),
            Self::Increment(_, delta) => format!("increment {key} by {delta}"),
        }
    }
}

impl Reply {
    pub fn show(self, names: &Interner) -> String {
        match self {
            Self::Value(None) => "nothing".into(),
            Self::Value(Some(value)) => text(names, value),
            Self::Done => "done".into(),
            Self::Flag(flag) => flag.to_string(),
            Self::Sum(sum) => sum.to_string(),
            Self::Failed => "error".into(),
        }
    }
}

/// A value as a person reads it; long ones are cut.
fn text(names: &Interner, value: u32) -> String {
    const LONGEST: usize = 1_500;
    let whole = String::from_utf8_lossy(names.bytes(value));
    match whole.char_indices().nth(LONGEST) {
        None => whole.into_owned(),
        Some((end, _)) => format!("{}...", &whole[..end]),
    }
}
