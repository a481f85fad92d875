//! The rules field by field.

use kv_schemas::memory::Memory;
use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

fn with(field: &str, value: Json) -> Json {
    let mut body = json!({"name": "Travis", "behavior_mode": "host"});
    body[field] = value;
    body
}

#[test]
fn twn_1_a_new_twin_is_checked_field_by_field() {
    let check = |field: &str, value: Json, fault: Option<&str>| {
        let read = parse_twin(&with(field, value.clone()));
        assert_eq!(read.err().map(|invalid| invalid.param).as_deref(), fault, "{field}: {value}");
    };
    check("name", json!("T"), None);
    check("name", json!("t".repeat(120)), None);
    check("name", json!("t".repeat(121)), Some("name"));
    check("name", json!(""), Some("name"));
    check("name", json!("a\nb"), Some("name"));
    check("name", Json::Null, Some("name"));
    check("behavior_mode", json!("Fitness Coach"), None);
    check("behavior_mode", json!("villain"), Some("behavior_mode"));
    check("behavior_mode", Json::Null, Some("behavior_mode"));
    check("avatar_type", json!("3D"), None);
    check("avatar_type", json!("4D"), Some("avatar_type"));
    check("emotion", json!(1), None);
    check("emotion", json!(10), None);
    for bad in [json!(0), json!(11), json!(5.5), json!("5")] {
        check("emotion", bad, Some("emotion"));
    }
    check("instructions", json!("x".repeat(4_000)), None);
    check("instructions", json!("x".repeat(4_001)), Some("instructions"));
    check("voice", json!({"provider": "elevenlabs", "voice_id": "v"}), None);
    check("voice", json!({"provider": "Eleven Labs", "voice_id": "v"}), Some("voice.provider"));
    check("voice", json!({"provider": "elevenlabs"}), Some("voice.voice_id"));
    check("voice", json!({"provider": "elevenlabs", "voice_id": "v", "x": 1}), Some("voice.x"));
    check("video_persona", json!("p1"), None);
    check("mesh", json!({"share": true}), None);
    check("mesh", json!({"share": "yes"}), Some("mesh.share"));
    check("colour", json!("red"), Some("colour"));
    check("consent", json!({}), None);
}

#[test]
fn twn_1_a_patch_changes_what_it_names() {
    let store = Memory::default();
    twinned(&store);
    let at = at(&store, NOW);
    let voice = json!({"provider": "elevenlabs", "voice_id": "v"});
    let patched = patch(at, "a", &json!({"voice": voice, "mesh": {"share": true}})).unwrap();
    assert_eq!(patched.voice.as_ref().unwrap().voice_id, "v");
    let patched = patch(at, "a", &json!({"voice": null, "mesh": {"learn": true}, "emotion": null})).unwrap();
    assert_eq!((patched.voice, patched.mesh, u8::from(patched.emotion)), (None, Mesh { share: true, learn: true }, 5));
    for (field, value) in [("consent", json!({})), ("tenant", json!("b")), ("name", Json::Null), ("id", json!("x"))] {
        let refused = patch(at, "a", &json!({ field: value })).unwrap_err();
        assert!(matches!(&refused, Refusal::Invalid(invalid) if invalid.param == field), "{field}: {refused:?}");
    }
}

#[test]
fn ses_5_a_consent_says_who_what_for_when_and_by_what_proof() {
    let hash = "Ab".repeat(32);
    let full = json!({"subject": "Travis B.", "purpose": "hosting", "given_at": "1970-01-01T00:00:01Z", "evidence_sha256": hash});
    let read = parse_consent("consent", &full, NOW).ok().unwrap();
    assert_eq!((read.given_at.0, read.evidence_sha256.as_str()), (1_000, "ab".repeat(32).as_str()));
    let check = |field: &str, value: Json, fault: Option<&str>| {
        let mut consent = full.clone();
        consent[field] = value.clone();
        let read = parse_consent("consent", &consent, NOW);
        assert_eq!(read.err().map(|invalid| invalid.param).as_deref(), fault, "{field}: {value}");
    };
    check("given_at", Json::Null, None);
    check("given_at", json!("2999-01-01T00:00:00Z"), Some("consent.given_at"));
    check("given_at", json!("yesterday"), Some("consent.given_at"));
    for field in ["subject", "purpose", "evidence_sha256"] {
        check(field, Json::Null, Some(&format!("consent.{field}")));
        check(field, json!(""), Some(&format!("consent.{field}")));
        // Nobody is called that.
        check(field, json!("  \u{a0}"), Some(&format!("consent.{field}")));
    }
    check("evidence_sha256", json!("zz".repeat(32)), Some("consent.evidence_sha256"));
    check("evidence_sha256", json!("ab".repeat(31)), Some("consent.evidence_sha256"));
    check("signature", json!("x"), Some("consent.signature"));
    assert_eq!(parse_consent("", &json!({}), NOW).err().unwrap().param, "subject");
    assert_eq!(parse_consent("consent", &json!("yes"), NOW).err().unwrap().param, "consent");
}

#[test]
fn twn_2_links_environments_and_licences_are_checked() {
    let link = |body: Json| parse_link(&body).err().map(|invalid| invalid.param);
    assert_eq!(link(json!({"module": "casino-1", "mode": "Casino Interactive", "context": {"a": 1}})), None);
    for module in ["", "Casino", "a_b", "a/b", &"m".repeat(41)] {
        assert_eq!(link(json!({"module": module, "mode": "host"})).as_deref(), Some("module"), "{module}");
    }
    assert_eq!(link(json!({"module": "m"})).as_deref(), Some("mode"));
    assert_eq!(link(json!({"module": "m", "mode": "x"})).as_deref(), Some("mode"));
    assert_eq!(link(json!({"module": "m", "mode": "host", "context": []})).as_deref(), Some("context"));
    let large = json!({"a": "x".repeat(4 * 1024)});
    assert_eq!(link(json!({"module": "m", "mode": "host", "context": large})).as_deref(), Some("context"));
    assert_eq!(parse_environment(&json!({"environment": "production"})), Ok(Environment::Production));
    assert_eq!(parse_environment(&json!({"environment": "moon"})).err().unwrap().param, "environment");
    let wallet = format!("0x{}", "aF".repeat(20));
    let licence = |body: Json| parse_licence(&body, NOW);
    let read = licence(json!({"creator_wallet": wallet, "options": {"allow_commercial_use": true}})).unwrap();
    assert_eq!(
        (read.creator_share, read.options.allow_commercial_use, read.options.allow_modifications),
        (80, true, false)
    );
    for (body, fault) in [
        (json!({}), "creator_wallet"),
        (json!({"creator_wallet": "0x12"}), "creator_wallet"),
        (json!({"creator_wallet": format!("0x{}", "zz".repeat(20))}), "creator_wallet"),
        (json!({"creator_wallet": wallet, "creator_share": 0}), "creator_share"),
        (json!({"creator_wallet": wallet, "creator_share": 101}), "creator_share"),
        (json!({"creator_wallet": wallet, "options": {"x": true}}), "options.x"),
    ] {
        assert_eq!(licence(body.clone()).err().map(|invalid| invalid.param).as_deref(), Some(fault), "{body}");
    }
}
