//! Families by what may be done with their keys. `N` is the number of placeholders in the pattern: another number of
//! parts doesn't compile, nor does another kind of use (see the crate's documentation).

use crate::{
    Counter, Family, Kind, Log, Once, Value,
    family::{Pattern, parts},
};

macro_rules! typed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<const N: usize> {
            family: Family,
            pattern: Pattern<N>,
        }

        impl<const N: usize> $name<N> {
            /// Evaluated in constants only, so that a wrong table doesn't compile.
            pub(crate) const fn new(family: Family) -> Self {
                assert!(matches!(family.kind, Kind::$name), "the kind is that of the type");
                assert!(parts(family.pattern) == N, "N is the number of placeholders in the pattern");
                Self { family, pattern: Pattern::of(family.pattern) }
            }

            /// The facts.
            #[must_use]
            pub const fn family(&self) -> Family {
                self.family
            }
        }
    };
}

typed! {
    /// A family of values.
    Values
}
typed! {
    /// A family of counters.
    Counters
}
typed! {
    /// A family of numbered logs.
    Logs
}
typed! {
    /// A family of once-tokens.
    Onces
}

impl<const N: usize> Values<N> {
    /// A value of this family.
    #[must_use]
    pub fn value<T>(&self, parts: &[&str; N]) -> Value<T> {
        Value::new(self.key(parts))
    }

    /// Its bare key, for who reads raw bytes: the host.
    #[must_use]
    pub fn key(&self, parts: &[&str; N]) -> String {
        self.pattern.key(parts)
    }
}

impl<const N: usize> Counters<N> {
    /// A counter of this family.
    #[must_use]
    pub fn counter(&self, parts: &[&str; N]) -> Counter {
        Counter::new(self.pattern.key(parts))
    }
}

impl<const N: usize> Logs<N> {
    /// A numbered log of this family.
    #[must_use]
    pub fn log<T>(&self, parts: &[&str; N]) -> Log<T> {
        Log::new(self.pattern.key(parts))
    }
}

impl<const N: usize> Onces<N> {
    /// A once-token of this family.
    #[must_use]
    pub fn once(&self, parts: &[&str; N]) -> Once {
        Once::new(self.pattern.key(parts))
    }
}
