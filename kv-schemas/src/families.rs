//! The table of all key families, by area. `docs/kv-schemas.md` is generated from it.
//!
//! A row reads: what it is for, the constant, its kind, its pattern, what it holds, who writes it, who reads it besides,
//! how long it is kept, and who removes it. `-` is nobody. "Maintenance" is `POST /v1/maintenance`, which calls the
//! component that is named; "expiry" is the list [`EXPIRY`], swept by it.

use crate::{
    family::{Family, Kind, parts},
    typed::{Counters, Logs, Onces, Values},
};

macro_rules! families {
    (
        $title:literal;
        $(
            $(#[doc = $about:literal])+
            $name:ident: $kind:ident $pattern:literal of $encoding:literal,
            written by $writer:literal, read by $readers:literal, kept $lifetime:literal, removed by $reaper:literal;
        )*
    ) => {
        use super::*;

        $(
            $(#[doc = $about])+
            #[doc = concat!("\n\n`", $pattern, "`: ", $encoding, ".")]
            pub const $name: $kind<{ parts($pattern) }> = $kind::new(Family {
                name: stringify!($name),
                about: concat!($($about),+),
                pattern: $pattern,
                kind: Kind::$kind,
                encoding: $encoding,
                writer: $writer,
                readers: $readers,
                lifetime: $lifetime,
                reaper: $reaper,
            });
        )*

        pub(super) const AREA: Area = Area { title: $title, families: &[$($name.family()),*] };
    };
}

mod answers;
mod audit;
mod events;
mod limits;
mod live;
mod messages;
mod operations;
mod routing;
mod runs;
mod sessions;
mod tenants;
mod twins;
mod vendors;
mod webhooks;

pub use self::{
    answers::*, audit::*, events::*, limits::*, live::*, messages::*, operations::*, routing::*, runs::*, sessions::*,
    tenants::*, twins::*, vendors::*, webhooks::*,
};

/// Families that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// For people.
    pub title: &'static str,
    /// In the order of the table.
    pub families: &'static [Family],
}

/// The whole table.
pub const AREAS: &[Area] = &[
    tenants::AREA,
    twins::AREA,
    sessions::AREA,
    limits::AREA,
    audit::AREA,
    live::AREA,
    vendors::AREA,
    routing::AREA,
    answers::AREA,
    webhooks::AREA,
    events::AREA,
    messages::AREA,
    runs::AREA,
    operations::AREA,
];

/// Every family there is, one by one.
pub fn all() -> impl Iterator<Item = &'static Family> {
    AREAS.iter().flat_map(|area| area.families)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_families_share_a_key() {
        let heads: Vec<_> = all().map(|f| (f.pattern.split('/').next(), f.name)).collect();
        for (i, (a, first)) in heads.iter().enumerate() {
            for (b, second) in heads.iter().skip(i.saturating_add(1)) {
                assert_ne!(a, b, "{first} and {second} begin alike");
            }
        }
    }

    #[test]
    fn a_key_is_of_its_family_alone() {
        let check = |key: &str, owner: Option<&str>| {
            let owners: Vec<_> = all().filter(|family| family.owns(key)).map(|family| family.name).collect();
            assert_eq!(owners, owner.into_iter().collect::<Vec<_>>(), "{key}");
        };
        check(TENANT.value::<()>(&["demo"]).key(), Some("TENANT"));
        check(VENDOR.value::<()>(&["a/b", "tail"]).key(), Some("VENDOR"));
        check(PERMIT_MAKER.once(&["lc_1"]).key(), Some("PERMIT_MAKER"));
        check("session-list/17", Some("SESSION_LIST"));
        check("session-list/tail", Some("SESSION_LIST"));
        check("expiry/490000/3", Some("EXPIRY"));
        for stray in ["", "tenant", "tenant/a/b", "session-list", "session-list/x", "expiry/3", "nobody/1"] {
            check(stray, None);
        }
    }

    #[test]
    fn every_column_says_something() {
        for family in all() {
            for text in [family.about, family.encoding, family.writer, family.readers, family.lifetime, family.reaper] {
                assert!(!text.is_empty() && !text.contains(['|', '\n']), "{}: {text:?}", family.name);
            }
        }
    }
}
