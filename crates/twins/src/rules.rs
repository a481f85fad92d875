//! What a twin may look like: JSON in, checked values out, or the one field that is wrong.

use calendar::{MINUTE, Millis};
use serde_json::{Map, Value as Json, json};
use tenancy::{Invalid, Object, is_vendor, merge_patch};

use crate::{AvatarType, BehaviorMode, Emotion, Environment, Licence, LicenceOptions, Mesh, Twin, Voice, is_module};

/// The largest context of a link, in bytes of JSON.
const MAX_CONTEXT: usize = 4 * 1024;
/// How far ahead of ours a caller's clock may be.
const SKEW: u64 = 5 * MINUTE;
/// The creator's part where nobody says another.
const CREATOR_SHARE: u64 = 80;
/// What `PATCH` may change.
const CHANGEABLE: [&str; 8] =
    ["name", "behavior_mode", "avatar_type", "emotion", "instructions", "voice", "video_persona", "mesh"];

/// What somebody wants a twin to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Traits {
    /// As of [`Twin`].
    pub name: String,
    /// As of [`Twin`].
    pub behavior_mode: BehaviorMode,
    /// As of [`Twin`].
    pub avatar_type: AvatarType,
    /// As of [`Twin`].
    pub emotion: Emotion,
    /// As of [`Twin`].
    pub instructions: String,
    /// As of [`Twin`].
    pub voice: Option<Voice>,
    /// As of [`Twin`].
    pub video_persona: Option<String>,
    /// As of [`Twin`].
    pub mesh: Mesh,
}

/// A consent as it is told: the person's name in the clear, to be sealed at once.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentAsked {
    /// Who.
    pub subject: String,
    /// What for.
    pub purpose: String,
    /// When it was given.
    pub given_at: Millis,
    /// SHA-256 of what proves it.
    pub evidence_sha256: String,
}

/// A link as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkAsked {
    /// The module.
    pub module: String,
    /// How the twin behaves there.
    pub mode: BehaviorMode,
    /// What it should know of the place.
    pub context: Map<String, Json>,
}

/// Reads a new twin. `tenant` and `consent` are the caller's to read: the one says whose it is, without the other there is
/// none.
///
/// # Errors
/// The field that is wrong.
pub fn parse_twin(body: &Json) -> Result<Traits, Invalid> {
    let body = Object::body(body)?;
    body.only(&[&CHANGEABLE[..], &["tenant", "consent"]].concat())?;
    traits(&body)
}

/// Applies a merge patch (RFC 7386) to a twin's traits and checks the whole again.
///
/// # Errors
/// The field that is wrong.
pub fn patched(twin: &Twin, patch: &Json) -> Result<Traits, Invalid> {
    Object::body(patch)?.only(&CHANGEABLE)?;
    let mut whole = json!({
        "name": twin.name,
        "behavior_mode": twin.behavior_mode,
        "avatar_type": twin.avatar_type,
        "emotion": twin.emotion,
        "instructions": twin.instructions,
        "voice": twin.voice,
        "video_persona": twin.video_persona,
        "mesh": twin.mesh,
    });
    merge_patch(&mut whole, patch);
    traits(&Object::body(&whole)?)
}

fn traits(body: &Object<'_>) -> Result<Traits, Invalid> {
    let required = |name: &str| body.fault(name, "is required");
    let name = body.line("name", 1, 120)?.ok_or_else(|| required("name"))?;
    let mode = body.text("behavior_mode", 1, 64)?.ok_or_else(|| required("behavior_mode"))?;
    let avatar = body.text("avatar_type", 1, 64)?.unwrap_or(AvatarType::None.name());
    let emotion = body.integer("emotion", 1, 10)?.and_then(|number| u8::try_from(number).ok());
    Ok(Traits {
        name: name.into(),
        behavior_mode: mode.parse().map_err(|error| fault(body, "behavior_mode", &error))?,
        avatar_type: avatar.parse().map_err(|error| fault(body, "avatar_type", &error))?,
        emotion: emotion.and_then(|number| Emotion::try_from(number).ok()).unwrap_or_default(),
        instructions: body.text("instructions", 0, 4_000)?.unwrap_or_default().into(),
        voice: body.object("voice")?.map(|voice| self::voice(&voice)).transpose()?,
        video_persona: body.line("video_persona", 1, 200)?.map(str::to_owned),
        mesh: body.object("mesh")?.map(|mesh| self::mesh(&mesh)).transpose()?.unwrap_or_default(),
    })
}

fn fault(body: &Object<'_>, name: &str, error: &impl ToString) -> Invalid {
    body.fault(name, error.to_string())
}

fn voice(voice: &Object<'_>) -> Result<Voice, Invalid> {
    voice.only(&["provider", "voice_id"])?;
    let provider = voice.text("provider", 1, 40)?.filter(|provider| is_vendor(provider));
    Ok(Voice {
        provider: provider.ok_or_else(|| voice.fault("provider", "must be a vendor's name"))?.into(),
        voice_id: voice.line("voice_id", 1, 200)?.ok_or_else(|| voice.fault("voice_id", "is required"))?.into(),
    })
}

fn mesh(mesh: &Object<'_>) -> Result<Mesh, Invalid> {
    mesh.only(&["share", "learn"])?;
    Ok(Mesh { share: mesh.flag("share")?.unwrap_or(false), learn: mesh.flag("learn")?.unwrap_or(false) })
}

/// Reads a consent: `path` is where it stands in the body, empty for the body itself.
///
/// # Errors
/// The field that is wrong.
pub fn parse_consent(path: &str, value: &Json, now: Millis) -> Result<ConsentAsked, Invalid> {
    let consent = Object::at(path, value)?;
    consent.only(&["subject", "purpose", "given_at", "evidence_sha256"])?;
    let required = |name: &str| consent.fault(name, "is required");
    // Blanks name nobody.
    let said = |text: &&str| !text.trim().is_empty();
    let subject = consent.line("subject", 1, 200)?.filter(said).ok_or_else(|| required("subject"))?;
    let purpose = consent.line("purpose", 1, 500)?.filter(said).ok_or_else(|| required("purpose"))?;
    let given_at = match consent.text("given_at", 1, 40)? {
        None => now,
        Some(text) => Millis::parse(text)
            .filter(|at| *at <= now.plus(SKEW))
            .ok_or_else(|| consent.fault("given_at", "must be a time in the past, such as 2026-11-20T09:00:00Z"))?,
    };
    let evidence = consent.text("evidence_sha256", 64, 64)?.ok_or_else(|| required("evidence_sha256"))?;
    if !evidence.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(consent.fault("evidence_sha256", "must be 64 hex digits"));
    }
    let evidence_sha256 = evidence.to_ascii_lowercase();
    Ok(ConsentAsked { subject: subject.into(), purpose: purpose.into(), given_at, evidence_sha256 })
}

/// Reads a link.
///
/// # Errors
/// The field that is wrong.
pub fn parse_link(body: &Json) -> Result<LinkAsked, Invalid> {
    let body = Object::body(body)?;
    body.only(&["module", "mode", "context"])?;
    let module = body.text("module", 1, 40)?.filter(|module| is_module(module));
    let module = module.ok_or_else(|| body.fault("module", "must be 1 to 40 of a-z 0-9 -"))?;
    let mode = body.text("mode", 1, 64)?.ok_or_else(|| body.fault("mode", "is required"))?;
    let mode = mode.parse().map_err(|error: crate::NotAMode| body.fault("mode", error.to_string()))?;
    let context = match body.get("context") {
        None => Map::new(),
        Some(Json::Object(context)) => context.clone(),
        Some(_) => return Err(body.fault("context", "must be an object")),
    };
    if serde_json::to_string(&context).map_or(usize::MAX, |text| text.len()) > MAX_CONTEXT {
        return Err(body.fault("context", format!("must have at most {MAX_CONTEXT} bytes")));
    }
    Ok(LinkAsked { module: module.into(), mode, context })
}

/// Reads where a twin is to be deployed.
///
/// # Errors
/// The field that is wrong.
pub fn parse_environment(body: &Json) -> Result<Environment, Invalid> {
    let body = Object::body(body)?;
    body.only(&["environment"])?;
    match body.text("environment", 1, 20)? {
        Some("production") => Ok(Environment::Production),
        Some("staging") => Ok(Environment::Staging),
        _ => Err(body.fault("environment", "must be production or staging")),
    }
}

/// Reads a licence.
///
/// # Errors
/// The field that is wrong.
pub fn parse_licence(body: &Json, now: Millis) -> Result<Licence, Invalid> {
    let body = Object::body(body)?;
    body.only(&["creator_wallet", "options", "creator_share"])?;
    let is_wallet = |text: &&str| text.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let wallet = body.text("creator_wallet", 42, 42).ok().flatten().filter(is_wallet);
    let wallet = wallet.ok_or_else(|| body.fault("creator_wallet", "must be 0x and 40 hex digits"))?;
    let mut options = LicenceOptions::default();
    if let Some(asked) = body.object("options")? {
        asked.only(&["allow_commercial_use", "allow_modifications"])?;
        options.allow_commercial_use = asked.flag("allow_commercial_use")?.unwrap_or(false);
        options.allow_modifications = asked.flag("allow_modifications")?.unwrap_or(false);
    }
    let share = body.integer("creator_share", 1, 100)?.unwrap_or(CREATOR_SHARE);
    let creator_share = u8::try_from(share).unwrap_or(u8::MAX);
    Ok(Licence { creator_wallet: wallet.into(), options, creator_share, at: now })
}
