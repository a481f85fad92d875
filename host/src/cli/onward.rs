//! The way through a list of pages, which ends.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

/// The way through a list: a gate that sends back to where we were would keep us for ever.
#[derive(Default)]
pub struct Onward(BTreeSet<String>);

impl Onward {
    /// # Errors
    /// We were there already.
    pub fn to(&mut self, cursor: &str) -> Result<()> {
        ensure!(
            self.0.insert(cursor.to_owned()),
            "the gate goes round in circles: it gave next_cursor {cursor:?} twice"
        );
        Ok(())
    }
}
