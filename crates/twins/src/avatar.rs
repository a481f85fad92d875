//! What a twin looks like, and how much it shows of what it feels.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a twin is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(try_from = "String", into = "&'static str")]
pub enum AvatarType {
    /// A model in space.
    ThreeD,
    /// Drawn in layers.
    TwoAndAHalfD,
    /// Like a recording of a person.
    Video,
    /// Only heard or read.
    #[default]
    None,
}

/// A text that names no kind of avatar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of 3d, 2.5d, video, none")]
pub struct NotAnAvatar;

impl AvatarType {
    /// The name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeD => "3d",
            Self::TwoAndAHalfD => "2.5d",
            Self::Video => "video",
            Self::None => "none",
        }
    }

    /// What a model is told of it.
    #[must_use]
    pub fn instruction(self) -> &'static str {
        match self {
            Self::ThreeD => "You are seen as a three-dimensional avatar.",
            Self::TwoAndAHalfD => "You are seen as a drawn avatar.",
            Self::Video => "You are seen as a lifelike avatar on video.",
            Self::None => "You are not seen; you are only heard or read.",
        }
    }
}

impl FromStr for AvatarType {
    type Err = NotAnAvatar;

    fn from_str(text: &str) -> Result<Self, NotAnAvatar> {
        if text.len() > 64 {
            return Err(NotAnAvatar);
        }
        let between = |c: &char| !matches!(c, '-' | '_' | ' ');
        let plain: String = text.chars().filter(between).flat_map(char::to_lowercase).collect();
        Ok(match plain.as_str() {
            "3d" => Self::ThreeD,
            "2.5d" | "25d" => Self::TwoAndAHalfD,
            "video" | "videorealistic" => Self::Video,
            "none" => Self::None,
            _ => return Err(NotAnAvatar),
        })
    }
}

impl TryFrom<String> for AvatarType {
    type Error = NotAnAvatar;

    fn try_from(text: String) -> Result<Self, NotAnAvatar> {
        text.parse()
    }
}

impl From<AvatarType> for &'static str {
    fn from(avatar: AvatarType) -> Self {
        avatar.name()
    }
}

/// How much a twin shows of what it feels: 1 (hardly anything) to 10 (everything).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Emotion(u8);

/// A number that isn't on the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to 10")]
pub struct NotOnTheScale;

impl Emotion {
    /// The middle of the scale.
    pub const DEFAULT: Self = Self(5);

    /// 1 to 10.
    #[must_use]
    pub fn grade(self) -> u8 {
        self.0
    }

    /// What a model is told of it: ten grades, each with words of its own.
    #[must_use]
    pub fn instruction(self) -> &'static str {
        match self.0 {
            0 | 1 => "Show no emotion at all: plain facts, no exclamation marks.",
            2 => "Stay cool and factual; politeness is enough.",
            3 => "Be reserved; a friendly word now and then will do.",
            4 => "Be even-tempered and friendly, without enthusiasm.",
            5 => "Be warm and natural, as in an ordinary conversation.",
            6 => "Be warm and let interest and sympathy show.",
            7 => "Be lively: show joy and sympathy openly.",
            8 => "Be enthusiastic: celebrate what goes well, feel with what doesn't.",
            9 => "Be passionate: strong words, vivid pictures, open feelings.",
            _ => "Be as expressive as you can: every feeling shows, and carries people along.",
        }
    }
}

impl Default for Emotion {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u8> for Emotion {
    type Error = NotOnTheScale;

    fn try_from(number: u8) -> Result<Self, NotOnTheScale> {
        if (1..=10).contains(&number) { Ok(Self(number)) } else { Err(NotOnTheScale) }
    }
}

impl From<Emotion> for u8 {
    fn from(emotion: Emotion) -> Self {
        emotion.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn twn_1_avatars_are_known_by_their_names() {
        let check = |text: &str, name: Option<&str>| {
            assert_eq!(text.parse::<AvatarType>().ok().map(AvatarType::name), name, "{text}");
        };
        check("3D", Some("3d"));
        check("3d", Some("3d"));
        check("2.5D", Some("2.5d"));
        check("Video Realistic", Some("video"));
        check("video", Some("video"));
        check("None", Some("none"));
        check("4d", None);
        check("", None);
    }

    #[test]
    fn twn_1_emotion_has_ten_grades_that_differ() {
        let grades = |from: u8, to: u8| (from..=to).filter_map(|n| Emotion::try_from(n).ok()).collect::<Vec<_>>();
        assert_eq!(grades(0, 255).len(), 10);
        let words: BTreeSet<&str> = grades(1, 10).into_iter().map(Emotion::instruction).collect();
        assert_eq!(words.len(), 10);
        assert_eq!(u8::from(Emotion::default()), 5);
    }
}
