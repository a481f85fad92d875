//! The conformance kit on recorded shapes, and what becomes of rooms, tokens and webhooks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests may panic")]

use adapter::conformance::{Ending, Recording, Records, Start, Webhook, check};
use adapter::{
    Adapter, AnswerHead, Auth, Effect, Ended, Grants, Join, Live, Operation, PlanError, Started, Step, Unit, Usage,
    units_of,
};
use livekit::LiveKit;
use serde_json::{Value, json};

const ROOM: &[u8] = include_bytes!("fixtures/room.json");
const FINISHED: &[u8] = include_bytes!("fixtures/room_finished.json");
const LEFT: &[u8] = include_bytes!("fixtures/participant_left.json");

fn session() -> Live {
    Live { id: "vid_1".into(), visitor: "visitor-42".into(), max_seconds: 90, ..Live::default() }
}

fn start(change: impl FnOnce(&mut Live)) -> Operation {
    let mut live = session();
    change(&mut live);
    Operation::LiveStart(live)
}

fn object(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

#[test]
fn recorded_answers() {
    let rows = [
        ("start", start(|_| ()), ROOM, Usage::Unknown),
        ("end", Operation::LiveEnd("vid_1".into()), b"{}".as_slice(), Usage::Counted(vec![])),
    ];
    let recordings = rows.map(|(name, operation, body, usage)| Recording {
        name,
        operation,
        options: "{}",
        head: AnswerHead { status: 200, headers: vec![] },
        body: body.to_vec(),
        usage,
        ending: Ending::Complete,
    });
    let webhooks = [FINISHED, LEFT].map(|body| Webhook { headers: vec![], body: body.to_vec() });
    let starts = vec![Start { session: session(), body: ROOM.to_vec() }];
    check(&LiveKit, &Records { recordings: recordings.into(), webhooks: webhooks.into(), starts, jobs: vec![] });
}

#[test]
fn a_room_has_the_name_of_the_session() {
    let asked = start(|live| (live.persona, live.disclosure) = (Some("anna".into()), Some("AI \"Host\"".into())));
    let options = r#"{"agent_name":"twin","publish":"microphone, camera","join_seconds":30,"empty_timeout":40,
        "departure_timeout":5,"max_participants":3}"#;
    let call = LiveKit.plan(&asked, options).unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/twirp/livekit.RoomService/CreateRoom"));
    let Auth::Grants(grants) = &call.auth else { panic!("{:?}", call.auth) };
    assert_eq!(*grants, Grants { claims: r#"{"video":{"roomCreate":true}}"#.into(), ttl_seconds: 60 });
    assert_eq!(units_of(&call.worst_case, Unit::Seconds), 120, "begun minutes are billed");

    let mut body = object(&call.body);
    let metadata = object(body["metadata"].take().as_str().unwrap().as_bytes());
    let agent = object(body["agents"][0]["metadata"].take().as_str().unwrap().as_bytes());
    let about = json!({"session": "vid_1", "persona": "anna", "ai_disclosure": "AI \"Host\""});
    assert_eq!(agent, about);
    assert_eq!(metadata["ai_disclosure"], about["ai_disclosure"]);
    assert_eq!(metadata["join"], json!({"ttl": 30, "publish": "microphone,camera"}));
    let expected = json!({
        "name": "vid_1", "empty_timeout": 40, "departure_timeout": 5, "max_participants": 3, "metadata": null,
        "agents": [{"agentName": "twin", "metadata": null}],
    });
    assert_eq!(body, expected);

    let mut plain = object(&LiveKit.plan(&start(|_| ()), "{}").unwrap().body);
    let metadata = object(plain["metadata"].take().as_str().unwrap().as_bytes());
    assert_eq!(metadata, json!({"session": "vid_1", "join": {"publish": "microphone", "ttl": 60}}));
    let expected = json!({
        "name": "vid_1", "empty_timeout": 60, "departure_timeout": 20, "max_participants": 2, "metadata": null,
    });
    assert_eq!(plain, expected);
}

#[test]
fn an_end_deletes_the_room() {
    let call = LiveKit.plan(&Operation::LiveEnd("vid_1".into()), "{}").unwrap();
    assert_eq!((call.method, call.path.as_str()), ("POST", "/twirp/livekit.RoomService/DeleteRoom"));
    assert_eq!(object(&call.body), json!({"room": "vid_1"}));
    assert!(matches!(&call.auth, Auth::Grants(grants) if grants.claims.contains("roomCreate")));
    assert!(call.worst_case.is_empty());
}

#[test]
fn a_token_is_for_this_room_and_for_a_minute() {
    let with = |metadata: &str| json!({"sid": "RM_x", "name": "vid_1", "metadata": metadata}).to_string();
    let rows = [
        (with(r#"{"join":{"ttl":30,"publish":"microphone,camera"}}"#), 30, json!(["microphone", "camera"])),
        (with(r#"{"join":{"ttl":600}}"#), 600, json!(["microphone"])),
        // What the server doesn't say, or says wrongly, allows the least.
        (with(r#"{"join":{"ttl":601,"publish":"camera"}}"#), 60, json!(["microphone"])),
        (with(r#"{"join":{"ttl":0}}"#), 60, json!(["microphone"])),
        (with(r#"{"join":{"publish":"camera,everything"}}"#), 60, json!(["microphone"])),
        (with("{"), 60, json!(["microphone"])),
        (with(""), 60, json!(["microphone"])),
        (r#"{"name":"vid_1"}"#.to_owned(), 60, json!(["microphone"])),
    ];
    for (body, ttl, sources) in rows {
        let live = Live { disclosure: Some("AI Host".into()), ..session() };
        let started = LiveKit.live_started(&live, body.as_bytes()).unwrap();
        assert_eq!(started.vendor_id, "vid_1");
        let Step::Open(Join::Grants(grants)) = started.step else { panic!("{started:?}") };
        assert_eq!(grants.ttl_seconds, ttl, "{body}");
        let expected = json!({
            "sub": "visitor-42", "attributes": {"ai_disclosure": "AI Host"},
            "video": {"roomJoin": true, "room": "vid_1", "canSubscribe": true, "canPublish": true,
                "canPublishData": true, "canPublishSources": sources},
        });
        assert_eq!(object(grants.claims.as_bytes()), expected, "{body}");
    }
}

#[test]
fn what_the_options_allow_comes_back_in_the_token() {
    let options = r#"{"publish":"screen_share,microphone","join_seconds":120}"#;
    let asked = object(&LiveKit.plan(&start(|_| ()), options).unwrap().body);
    assert_eq!(asked["empty_timeout"], 120, "the room waits for as long as the token is good");
    let room = json!({"sid": "RM_x", "name": asked["name"], "metadata": asked["metadata"]});
    let started = LiveKit.live_started(&session(), room.to_string().as_bytes()).unwrap();
    let Started { step: Step::Open(Join::Grants(grants)), .. } = started else { panic!("{started:?}") };
    assert_eq!(grants.ttl_seconds, 120);
    let claims = object(grants.claims.as_bytes());
    assert_eq!(claims["video"]["canPublishSources"], json!(["screen_share", "microphone"]));
    assert_eq!(claims.get("attributes"), None, "no label was asked for");
}

#[test]
fn no_token_for_another_room() {
    let nobody = Live { visitor: String::new(), ..session() };
    let rows = [
        (session(), r#"{"name":"vid_2"}"#),
        (session(), r#"{"name":""}"#),
        (session(), r#"{"name":null,"sid":"RM_x","x":{"name":"vid_2"}"#),
        (session(), r#"{"name":7}"#),
        (session(), "[]"),
        (nobody, r#"{"name":"vid_1"}"#),
        (Live::default(), r#"{"name":""}"#),
    ];
    for (session, body) in rows {
        assert!(LiveKit.live_started(&session, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_server_that_leaves_the_name_out_has_made_what_was_asked() {
    for body in ["{}", r#"{"sid":"RM_x"}"#] {
        let started = LiveKit.live_started(&session(), body.as_bytes()).unwrap();
        assert_eq!(started.vendor_id, session().id);
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let plain = || start(|_| ());
    let rows = [
        (start(|live| live.max_seconds = 0), "{}", "max_seconds"),
        (start(|live| live.max_seconds = 86_401), "{}", "max_seconds"),
        (start(|live| live.id = "a b".into()), "{}", "id"),
        (start(|live| live.visitor = String::new()), "{}", "visitor"),
        (start(|live| live.persona = Some("a/b".into())), "{}", "persona"),
        (plain(), r#"{"agent_name":"a b"}"#, "options.agent_name"),
        (plain(), r#"{"publish":"everything"}"#, "options.publish"),
        (plain(), r#"{"publish":""}"#, "options.publish"),
        (plain(), r#"{"join_seconds":601}"#, "options.join_seconds"),
        (plain(), r#"{"empty_timeout":0}"#, "options.empty_timeout"),
        (plain(), r#"{"departure_timeout":-1}"#, "options.departure_timeout"),
        (plain(), r#"{"max_participants":1}"#, "options.max_participants"),
        (plain(), "[]", "options"),
        (Operation::LiveEnd("../../x".into()), "{}", "id"),
    ];
    for (operation, options, field) in rows {
        let planned = LiveKit.plan(&operation, options);
        assert!(matches!(&planned, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}: {planned:?}");
    }
    assert!(matches!(LiveKit.plan(&Operation::Chat(vec![]), "{}"), Err(PlanError::Unsupported(_))));
}

#[test]
fn webhooks() {
    let event = |body: &[u8]| LiveKit.webhook(&[], body).unwrap();
    let finished = event(FINISHED);
    assert_eq!(
        (finished.dedupe_id.as_str(), finished.effect),
        ("EV_9kFQxWq2bLrT", Effect::LiveEnded(Ended { vendor_id: "vid_1".into(), at_ms: Some(1_692_985_600_000) }))
    );
    assert_eq!(event(LEFT).effect, Effect::None);
    for name in ["Team meeting", "standup", "lobby-7", "my_vid_1", "vid", "VID_1", "vid_ 1", ""] {
        let body = json!({"event": "room_finished", "room": {"name": name}, "id": "EV_1"}).to_string();
        assert_eq!(event(body.as_bytes()).effect, Effect::None, "not a room of the gate: {name}");
    }
    for (created, at_ms) in [
        (r#","createdAt":1692985600"#, Some(1_692_985_600_000)),
        (r#","createdAt":"0""#, None),
        (r#","createdAt":null"#, None),
        (r#","createdAt":"soon""#, None),
        (r#","createdAt":"-5""#, None),
        (r#","createdAt":"18446744073709551615""#, None),
        ("", None),
    ] {
        let body = format!(r#"{{"event":"room_finished","room":{{"name":"vid_1"}},"id":"EV_1"{created}}}"#);
        assert_eq!(
            event(body.as_bytes()).effect,
            Effect::LiveEnded(Ended { vendor_id: "vid_1".into(), at_ms }),
            "{body}"
        );
    }
    for body in [r#"{"event":"room_finished","id":"EV_1"}"#, r#"{"event":"room_started"}"#, r#"{"id":"EV_1"}"#] {
        assert!(LiveKit.webhook(&[], body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn refusals() {
    let rows = [
        (404, r#"{"code":"not_found","msg":"requested room does not exist"}"#, "already_ended", false),
        (404, r#"{"code":"bad_route","msg":"m"}"#, "not_found", false),
        (404, "<html>", "not_found", false),
        (401, r#"{"code":"unauthenticated","msg":"m"}"#, "invalid_key", false),
        (403, r#"{"code":"permission_denied","msg":"m"}"#, "not_permitted", false),
        (400, r#"{"code":"invalid_argument","msg":"m"}"#, "invalid_request", false),
        (412, r#"{"code":"failed_precondition","msg":"m"}"#, "invalid_request", false),
        (429, r#"{"code":"resource_exhausted","msg":"m"}"#, "rate_limited", true),
        (408, r#"{"code":"deadline_exceeded","msg":"m"}"#, "conflict", true),
        (503, r#"{"code":"unavailable","msg":"m"}"#, "overloaded", true),
        (500, r#"{"code":"internal","msg":"m"}"#, "vendor_internal", true),
        (401, "", "invalid_key", false),
        (502, "", "vendor_internal", true),
    ];
    for (status, body, code, retryable) in rows {
        let failure = LiveKit.explain(&AnswerHead { status, headers: vec![] }, body.as_bytes());
        assert_eq!((failure.code, failure.retryable), (code, retryable), "{status} {body}");
    }
}
