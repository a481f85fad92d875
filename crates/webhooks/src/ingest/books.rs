//! The port to the limits and the log: what an interaction cost is put right by what it really used.

/// Why an effect doesn't happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It never will: the event is dead at once.
    Never(String),
    /// It may later: what the event is about isn't there yet, or something can't be reached.
    Later(String),
}

impl Failure {
    /// For people.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Never(reason) | Self::Later(reason) => reason,
        }
    }
}

/// What an interaction really used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The interaction's permit.
    pub limit_check_id: String,
    /// How much.
    pub units: u64,
    /// Of what.
    pub unit_type: String,
    /// Why, for people.
    pub reason: String,
}

/// The limits and the log.
pub trait Books {
    /// Corrects an interaction of `tenant` by what it used, and logs that. Under the same `key` it happens once.
    ///
    /// # Errors
    /// It didn't happen, or nobody knows whether it did: to be repeated under the same key.
    fn correct(&self, tenant: &str, key: &str, used: &Usage) -> Result<(), Failure>;
}
