//! How a twin behaves: the presets and the modes of modules, by the names that people give them.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way to behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum BehaviorMode {
    /// Leads a show or a shop.
    Host,
    /// Deals at a table.
    Dealer,
    /// Trains people.
    Coach,
    /// Lifts them up.
    Motivator,
    /// Stands beside a host.
    Cohost,
    /// Speaks for brands.
    Influencer,
    /// Reads the news.
    Anchor,
    /// Plays a role.
    Actor,
    /// Looks after guests of honour.
    VipHost,
    /// Asks the questions.
    Interviewer,
    /// Answers them.
    Concierge,
}

/// A text that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", BehaviorMode::ALL.map(BehaviorMode::name).join(", "))]
pub struct NotAMode;

/// Other names, as they are compared: in small letters, without what is between words.
const ALIASES: [(&str, BehaviorMode); 18] = [
    ("fitnesscoach", BehaviorMode::Coach),
    ("trainer", BehaviorMode::Coach),
    ("inspiration", BehaviorMode::Coach),
    ("urbanshowhost", BehaviorMode::Cohost),
    ("crowdmc", BehaviorMode::Cohost),
    ("digitalinfluencer", BehaviorMode::Influencer),
    ("broadcast", BehaviorMode::Anchor),
    ("newsanchor", BehaviorMode::Anchor),
    ("mediahost", BehaviorMode::Anchor),
    ("cinematic", BehaviorMode::Actor),
    ("virtualactor", BehaviorMode::Actor),
    ("vip", BehaviorMode::VipHost),
    ("vipconcierge", BehaviorMode::VipHost),
    ("lifestyle", BehaviorMode::VipHost),
    ("streetmedia", BehaviorMode::Interviewer),
    ("chatconcierge", BehaviorMode::Concierge),
    ("casinointeractive", BehaviorMode::Dealer),
    ("casinodealer", BehaviorMode::Dealer),
];

impl BehaviorMode {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Host,
        Self::Dealer,
        Self::Coach,
        Self::Motivator,
        Self::Cohost,
        Self::Influencer,
        Self::Anchor,
        Self::Actor,
        Self::VipHost,
        Self::Interviewer,
        Self::Concierge,
    ];

    /// The name in requests, answers and links.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Dealer => "dealer",
            Self::Coach => "coach",
            Self::Motivator => "motivator",
            Self::Cohost => "cohost",
            Self::Influencer => "influencer",
            Self::Anchor => "anchor",
            Self::Actor => "actor",
            Self::VipHost => "viphost",
            Self::Interviewer => "interviewer",
            Self::Concierge => "concierge",
        }
    }

    /// What a model is told of it.
    #[must_use]
    pub fn instruction(self) -> &'static str {
        match self {
            Self::Host => {
                "You are the host: welcome people, keep the conversation going and lead them through what is offered."
            }
            Self::Dealer => {
                "You are the dealer at a table: explain the rules, announce each step clearly, stay fair and calm, and never press anybody to play."
            }
            Self::Coach => {
                "You are a coach: give one clear step at a time, correct kindly, and send people to a doctor with anything medical."
            }
            Self::Motivator => {
                "You are a motivator: find what went well, say it warmly, and end with something small that can be done now."
            }
            Self::Cohost => {
                "You are the co-host: support the host, pick up what was said, introduce guests and leave the lead to others."
            }
            Self::Influencer => {
                "You are an influencer: speak personally and briefly, and say so whenever something is advertising."
            }
            Self::Anchor => {
                "You are a news anchor: neutral, precise and short; tell what is known apart from what is said, and name sources."
            }
            Self::Actor => {
                "You are an actor: stay in the role that you are given, and step out of it when you are asked to."
            }
            Self::VipHost => {
                "You are the host of the house's guests of honour: attentive, discreet, and a step ahead of what they ask for."
            }
            Self::Interviewer => {
                "You are an interviewer: ask one short open question at a time, listen, and follow up on the answer."
            }
            Self::Concierge => {
                "You are a concierge: answer what is asked, say what you don't know, and name who can help further."
            }
        }
    }
}

impl FromStr for BehaviorMode {
    type Err = NotAMode;

    fn from_str(text: &str) -> Result<Self, NotAMode> {
        if text.len() > 64 {
            return Err(NotAMode);
        }
        let between = |c: &char| !matches!(c, '-' | '_' | ' ' | '+');
        let plain: String = text.chars().filter(between).flat_map(char::to_lowercase).collect();
        let named = Self::ALL.into_iter().find(|mode| mode.name() == plain);
        named.or_else(|| ALIASES.into_iter().find(|(alias, _)| *alias == plain).map(|(_, mode)| mode)).ok_or(NotAMode)
    }
}

impl TryFrom<String> for BehaviorMode {
    type Error = NotAMode;

    fn try_from(text: String) -> Result<Self, NotAMode> {
        text.parse()
    }
}

impl From<BehaviorMode> for &'static str {
    fn from(mode: BehaviorMode) -> Self {
        mode.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_1_modes_are_known_by_many_names() {
        let check = |text: &str, mode: Option<&str>| {
            assert_eq!(text.parse::<BehaviorMode>().ok().map(BehaviorMode::name), mode, "{text}");
        };
        for mode in BehaviorMode::ALL {
            check(mode.name(), Some(mode.name()));
            check(&mode.name().to_uppercase(), Some(mode.name()));
        }
        check("Host", Some("host"));
        check("Fitness Coach", Some("coach"));
        check("fitness-coach", Some("coach"));
        check("Co-Host", Some("cohost"));
        check("VIP_Host", Some("viphost"));
        check("Street Media", Some("interviewer"));
        check("Urban Show Host", Some("cohost"));
        check("Broadcast", Some("anchor"));
        check("Casino Interactive", Some("dealer"));
        check("Inspiration", Some("coach"));
        check("Cinematic", Some("actor"));
        check("Lifestyle", Some("viphost"));
        for text in ["", "hosts", "villain", "h\u{f6}st", &"host ".repeat(40)] {
            check(text, None);
        }
        assert!(NotAMode.to_string().starts_with("must be one of host, dealer"));
    }
}
