//! Whether an answer under way should stop: its session has ended, or it was interrupted.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry, families};

/// Marks an answer as interrupted.
pub fn interrupt(store: &dyn Store, permit: &str, now: Millis) -> Result<(), StoreError> {
    let mark = families::INTERRUPT.value(&[permit]);
    mark.set(store, &now)?;
    expiry::forget_after(store, now.hour_number(), &[mark.key()])
}

/// Whether to stop. A store that can't be reached doesn't stop a stream that is already paid for.
pub fn wanted(store: &dyn Store, permit: &str, session: Option<&str>) -> bool {
    let interrupted = families::INTERRUPT.value::<Millis>(&[permit]).exists(store).unwrap_or(false);
    interrupted || session.is_some_and(|session| ended(store, session))
}

fn ended(store: &dyn Store, session: &str) -> bool {
    families::SESSION_END.value::<serde_json::Value>(&[session]).exists(store).unwrap_or(false)
}
