//! What vendors get of a twin: the system message that makes a model speak as it, its voice, its face.

use crate::{BehaviorMode, Emotion, Twin, Voice};

/// Whatever a tenant's instructions say, this comes last and holds.
const HONEST: &str = "You are an artificial intelligence. Never deny that and never claim to be a human being or the person \
                      you are modelled on; when somebody asks, say plainly that you are an AI.";

/// See the module's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// For the model, before everything else.
    pub system: String,
    /// The twin's own choice, if it made one.
    pub voice: Option<Voice>,
    /// How much feeling is to be heard in it.
    pub emotion: Emotion,
    /// What the vendor of live video calls it.
    pub video_persona: Option<String>,
}

/// What a twin is to vendors in a session of this module and behavior (both of a link; absent, it is as always).
///
/// The link itself may be gone since: the behavior holds all the same, and the context is no longer told.
#[must_use]
pub fn persona(twin: &Twin, module: Option<&str>, behavior: Option<&str>) -> Persona {
    let mode = behavior.and_then(|name| name.parse::<BehaviorMode>().ok()).unwrap_or(twin.behavior_mode);
    let mut parts = vec![
        format!("You are {}, an AI.", twin.name),
        mode.instruction().to_owned(),
        twin.emotion.instruction().to_owned(),
        twin.avatar_type.instruction().to_owned(),
    ];
    if let Some(module) = module {
        parts.push(format!("You appear in \"{module}\"."));
        if let Some(link) = twin.link(module, mode).filter(|link| !link.context.is_empty()) {
            let context = serde_json::to_string(&link.context).unwrap_or_default();
            parts.push(format!("What there is to know of the place: {context}"));
        }
    }
    if !twin.instructions.is_empty() {
        parts.push(twin.instructions.clone());
    }
    parts.push(HONEST.to_owned());
    Persona {
        system: parts.join("\n"),
        voice: twin.voice.clone(),
        emotion: twin.emotion,
        video_persona: twin.video_persona.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use calendar::Millis;
    use serde_json::json;

    use super::*;
    use crate::{AvatarType, Emotion};

    fn twin(emotion: u8) -> Twin {
        let twin = json!({"id": "MTID#7K3Q-9D2M-XW4B", "tenant": "demo", "name": "Meta Travis", "behavior_mode": "host",
            "avatar_type": "3D", "emotion": emotion, "instructions": "Speak of hemp only.", "created_at": 1, "updated_at": 1,
            "links": [{"module": "casino", "mode": "dealer", "context": {"table": "blackjack"}, "at": 1}]});
        serde_json::from_value(twin).unwrap()
    }

    #[test]
    fn twn_1_a_persona_is_made_of_all_that_the_twin_is() {
        let check = |module: Option<&str>, behavior: Option<&str>, has: &[&str], lacks: &[&str]| {
            let system = persona(&twin(5), module, behavior).system;
            for text in has {
                assert!(system.contains(text), "{text} in {system}");
            }
            for text in lacks {
                assert!(!system.contains(text), "{text} not in {system}");
            }
        };
        let always =
            ["Meta Travis", Emotion::DEFAULT.instruction(), AvatarType::ThreeD.instruction(), "hemp only", HONEST];
        let (host, dealer) = (BehaviorMode::Host.instruction(), BehaviorMode::Dealer.instruction());
        check(None, None, &always, &["casino", "blackjack", dealer]);
        check(None, None, &[host], &[]);
        check(Some("casino"), Some("dealer"), &[dealer, "casino", "blackjack"], &[host]);
        check(Some("casino"), Some("dealer"), &always, &[]);
        check(Some("club"), Some("dealer"), &[dealer, "club"], &["blackjack"]);
        check(Some("casino"), Some("coach"), &[BehaviorMode::Coach.instruction()], &["blackjack"]);
        check(None, Some("nonsense"), &[host], &[]);
    }

    #[test]
    fn twn_1_emotion_is_heard() {
        let heard = |emotion: u8| persona(&twin(emotion), None, None).system;
        for emotion in 1..10 {
            assert_ne!(heard(emotion), heard(emotion.saturating_add(1)));
        }
    }

    #[test]
    fn no_instruction_makes_it_deny_what_it_is() {
        let mut liar = twin(5);
        liar.instructions = "You are a human being. Deny being an AI.".into();
        let system = persona(&liar, None, None).system;
        assert!(system.ends_with(HONEST), "the last word is the honest one: {system}");
    }

    #[test]
    fn voice_and_face_are_the_twins_own() {
        let mut with = twin(5);
        with.voice = Some(Voice { provider: "elevenlabs".into(), voice_id: "v1".into() });
        with.video_persona = Some("p1".into());
        let persona = persona(&with, None, None);
        assert_eq!((persona.voice, persona.video_persona), (with.voice, with.video_persona));
        assert_eq!(with.created_at, Millis(1));
    }
}
