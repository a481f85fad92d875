//! Where a twin appears: `mt-link://{module}/{id}?mode={mode}`, issued to a module, and opened as a session.

use calendar::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tenancy::is_id;

use crate::{BehaviorMode, Mtid};

const SCHEME: &str = "mt-link://";
/// The longest module's name.
const MAX_MODULE: usize = 40;
/// The longest link that is looked at, in bytes.
const MAX_LINK: usize = 300;

/// One place where a twin appears, as it is kept with the twin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// 1 to 40 of `a-z 0-9 -`.
    pub module: String,
    /// How the twin behaves there.
    pub mode: BehaviorMode,
    /// What the twin should know of the place: an object of at most 4 KiB.
    #[serde(default)]
    pub context: Map<String, Json>,
    /// When it was made, or made anew.
    pub at: Millis,
}

impl Link {
    /// The link as it is given out.
    #[must_use]
    pub fn url(&self, twin: Mtid) -> String {
        format!("{SCHEME}{}/{twin}?mode={}", self.module, self.mode.name())
    }
}

/// Whose twin a link names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOwner {
    /// The twin by its own id.
    Twin(Mtid),
    /// The twin of this tenant. A text may be both: it is a twin's id if there is such a twin.
    Tenant(String),
}

/// A link as somebody shows it, taken apart; whether there is one is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAddress {
    /// The module.
    pub module: String,
    /// As it was written, percent-decoded: see [`LinkAddress::owner`].
    pub id: String,
    /// How the twin is to behave, as it was written.
    pub mode: String,
}

/// A text that is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a link such as mt-link://shop/MTID#7K3Q-9D2M-XW4B?mode=host")]
pub struct NotALink;

impl LinkAddress {
    /// Takes a link apart. The `#` of an id may be written as it is, or percent-encoded.
    ///
    /// # Errors
    /// It isn't one: the shape is wrong, not what it names.
    pub fn parse(text: &str) -> Result<Self, NotALink> {
        if text.len() > MAX_LINK {
            return Err(NotALink);
        }
        let scheme = text.get(..SCHEME.len()).ok_or(NotALink)?;
        let rest = text.get(SCHEME.len()..).filter(|_| scheme.eq_ignore_ascii_case(SCHEME)).ok_or(NotALink)?;
        let (module, rest) = rest.split_once('/').ok_or(NotALink)?;
        let (id, query) = rest.split_once('?').ok_or(NotALink)?;
        // One parameter, and no other: what isn't understood would be lost in silence.
        let mode =
            query.strip_prefix("mode=").filter(|mode| !mode.is_empty() && !mode.contains('&')).ok_or(NotALink)?;
        let id = id.replace("%23", "#");
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'%');
        let is_right = is_module(module) && (id.parse::<Mtid>().is_ok() || is_id(&id)) && mode.bytes().all(plain);
        is_right.then(|| Self { module: module.into(), id, mode: mode.replace("%20", " ") }).ok_or(NotALink)
    }

    /// Whose twin it names.
    #[must_use]
    pub fn owner(&self) -> LinkOwner {
        self.id.parse().map_or_else(|_| LinkOwner::Tenant(self.id.clone()), LinkOwner::Twin)
    }

    /// Whether this is the link.
    #[must_use]
    pub fn is(&self, link: &Link) -> bool {
        self.module == link.module && self.mode.parse() == Ok(link.mode)
    }
}

/// Whether it can be a module's name: 1 to 40 of `a-z 0-9 -`.
#[must_use]
pub fn is_module(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_MODULE).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn twn_2_a_link_is_taken_apart() {
        let check = |text: &str, parts: Option<(&str, &str, &str)>| {
            let read = LinkAddress::parse(text).ok();
            let read = read.as_ref().map(|link| (link.module.as_str(), link.id.as_str(), link.mode.as_str()));
            assert_eq!(read, parts, "{text}");
        };
        let twin = Some(("gclive", "MTID#7K3Q-9D2M-XW4B", "host"));
        check("mt-link://gclive/MTID#7K3Q-9D2M-XW4B?mode=host", twin);
        check("mt-link://gclive/MTID%237K3Q-9D2M-XW4B?mode=host", twin);
        check("MT-LINK://gclive/MTID#7K3Q-9D2M-XW4B?mode=host", twin);
        check("mt-link://gclive/7K3Q-9D2M-XW4B?mode=host", Some(("gclive", "7K3Q-9D2M-XW4B", "host")));
        check("mt-link://gclive/meta_travis?mode=host", Some(("gclive", "meta_travis", "host")));
        check("mt-link://club/meta_lux?mode=VIP%20Host", Some(("club", "meta_lux", "VIP Host")));
        check("mt-link://club/meta_lux?mode=nonsense", Some(("club", "meta_lux", "nonsense")));
        for text in [
            "",
            "mt-link://",
            "https://gclive/meta_travis?mode=host",
            "mt-link://gclive/meta_travis",
            "mt-link://gclive/meta_travis?mode=",
            "mt-link://gclive/meta_travis?mode=host&x=1",
            "mt-link://gclive/meta_travis?x=host",
            "mt-link://GCLive/meta_travis?mode=host",
            "mt-link:///meta_travis?mode=host",
            "mt-link://gclive/?mode=host",
            "mt-link://gclive/a/b?mode=host",
            "mt-link://gclive/a%2fb?mode=host",
            "mt-link://gc live/meta_travis?mode=host",
            "mt-link://gclive/m\u{e4}x?mode=host",
            &format!("mt-link://gclive/meta_travis?mode={}", "h".repeat(300)),
        ] {
            check(text, None);
        }
    }

    #[test]
    fn twn_2_what_is_given_out_is_read_again() {
        let id: Mtid = "MTID#7K3Q-9D2M-XW4B".parse().unwrap();
        for mode in BehaviorMode::ALL {
            let link = Link { module: "casino".into(), mode, context: Map::new(), at: Millis(0) };
            let url = link.url(id);
            assert_eq!(url, format!("mt-link://casino/MTID#7K3Q-9D2M-XW4B?mode={}", mode.name()));
            let address = LinkAddress::parse(&url).unwrap();
            assert!(address.is(&link) && address.owner() == LinkOwner::Twin(id));
            assert!(!address.is(&Link { module: "club".into(), ..link.clone() }));
        }
        let tenants = LinkAddress::parse("mt-link://casino/meta_viv?mode=Casino+Interactive").unwrap();
        assert_eq!(tenants.owner(), LinkOwner::Tenant("meta_viv".into()));
        assert!(tenants.is(&Link {
            module: "casino".into(),
            mode: BehaviorMode::Dealer,
            context: Map::new(),
            at: Millis(0)
        }));
    }
}
