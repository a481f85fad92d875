//! Plans the creation and the deletion of a room.

use adapter::prelude::*;
use adapter::{Answer, Auth, Call, Live, Options, PlanError, Quantity, Unit, is_id};
use serde_json::{Map, Value, json};

use crate::grants::{self, DEFAULT_SOURCES, JOIN_SECONDS, Joining, MAX_JOIN_SECONDS};

/// Each stay in a room is billed in begun minutes.
pub const STEP_SECONDS: u32 = 60;

/// A day; nothing but the gate's own clock ends a room in use.
const MAX_SECONDS: u32 = 86_400;

/// How long a room waits after the last has left: a page that is loaded again must find it.
const DEPARTURE_SECONDS: u64 = 20;

/// The visitor and an agent.
const PARTICIPANTS: u64 = 2;

/// The upstream request that creates a room. A repeat finds the same room.
///
/// Options: `agent_name` (the agent that is called into the room; without it the server calls those that take any room),
/// `publish` (what the visitor may send, such as `microphone,camera`), `join_seconds`, `empty_timeout`,
/// `departure_timeout`, `max_participants`.
pub fn start(live: &Live, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    if !(1..=MAX_SECONDS).contains(&live.max_seconds) {
        return Err(PlanError::invalid("max_seconds", format!("must be from 1 to {MAX_SECONDS}")));
    }
    for (field, value) in [("id", &live.id), ("visitor", &live.visitor)] {
        checked(value, field)?;
    }
    let joining = joining(&options)?;
    // As long as the visitor's token is good, the room waits for the first to come.
    let empty = options.integer("empty_timeout", joining.ttl_seconds, 1, 3_600)?;
    let departure = options.integer("departure_timeout", DEPARTURE_SECONDS, 1, 3_600)?;
    let participants = options.integer("max_participants", PARTICIPANTS, 2, 100)?;

    let mut about = Map::new();
    about.insert("session".to_owned(), json!(live.id));
    if let Some(persona) = &live.persona {
        about.insert("persona".to_owned(), json!(checked(persona, "persona")?));
    }
    if let Some(label) = &live.disclosure {
        about.insert("ai_disclosure".to_owned(), json!(label));
    }
    let agents = match options.text("agent_name")? {
        Some(name) => vec![json!({
            "agentName": checked(&name, "options.agent_name")?,
            "metadata": Value::Object(about.clone()).to_string(),
        })],
        None => Vec::new(),
    };
    about.insert("join".to_owned(), joining.to_json());

    let mut body = json!({
        "name": live.id,
        "empty_timeout": empty,
        "departure_timeout": departure,
        "max_participants": participants,
        "metadata": Value::Object(about).to_string(),
    });
    if let (false, Some(body)) = (agents.is_empty(), body.as_object_mut()) {
        body.insert("agents".to_owned(), Value::Array(agents));
    }
    let mut call = Call::post_json("/twirp/livekit.RoomService/CreateRoom", &body);
    call.auth = Auth::Grants(grants::service());
    let billed = u64::from(live.max_seconds).next_multiple_of(u64::from(STEP_SECONDS));
    call.worst_case = vec![Quantity::new(Unit::Seconds, billed)];
    Ok(call)
}

/// The upstream request that deletes a room and puts everybody out of it.
pub fn end(room: &str) -> Result<Call, PlanError> {
    checked(room, "id")?;
    let mut call = Call::post_json("/twirp/livekit.RoomService/DeleteRoom", &json!({ "room": room }));
    call.auth = Auth::Grants(grants::service());
    (call.answer, call.content_types) = (Answer::Nothing, Vec::new());
    Ok(call)
}

fn joining(options: &Options) -> Result<Joining, PlanError> {
    let seconds = options.integer("join_seconds", JOIN_SECONDS, 1, MAX_JOIN_SECONDS)?;
    let sources = options.text("publish")?.unwrap_or_else(|| DEFAULT_SOURCES.to_owned());
    Joining::new(seconds, &sources).ok_or_else(|| {
        PlanError::invalid("options.publish", "must be of microphone, camera, screen_share, screen_share_audio")
    })
}

fn checked<'a>(text: &'a str, field: &str) -> Result<&'a str, PlanError> {
    let expected = "must be 1 to 128 of A-Z a-z 0-9 _ -";
    if is_id(text, 128, "_-") { Ok(text) } else { Err(PlanError::invalid(field, expected)) }
}
