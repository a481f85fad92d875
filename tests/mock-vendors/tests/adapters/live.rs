//! A live session's whole life at each vendor: it starts, the page joins, it is ended, and ending it again is no harm.

use std::time::Duration;

use adapter::{Adapter, Effect, Ended, Header, Join, Live, Operation, Step};
use axum::http::Method;
use heygen::HeyGen;
use livekit::LiveKit;
use mock_vendors::{Hook, Mock, client};
use serde_json::json;
use tavus::Tavus;

use crate::caller::{KEY, call, send, sign};
use crate::common::{Receiver, mock, post};

fn live(id: &str, callback_url: Option<String>) -> Live {
    Live {
        id: id.into(),
        persona: Some("p1".into()),
        max_seconds: 60,
        callback_url,
        visitor: "v1".into(),
        disclosure: Some("AI Host".into()),
    }
}

/// Starts a session with as many calls as it takes; gives the vendor's id and how to join.
async fn start(mock: &Mock, adapter: &dyn Adapter, live: &Live, options: &str) -> (String, Join) {
    let mut exchange = call(mock, adapter, &Operation::LiveStart(live.clone()), options).await;
    for _ in 0..3 {
        exchange.assert_good();
        let started = adapter.live_started(live, &exchange.answer.body).expect("a session");
        match started.step {
            Step::Open(join) => return (started.vendor_id, join),
            Step::Call(next) => exchange = send(mock, adapter, next, KEY).await,
        }
    }
    panic!("it goes on and on");
}

fn status(mock: &Mock, id: &str) -> Option<&'static str> {
    mock.state.live().iter().find(|session| session.id == id && session.key == KEY).map(|session| session.status)
}

/// A binding to HeyGen can't do without a context.
pub const HEYGEN: &str = r#"{"context_id":"c1"}"#;

const VENDORS: [(&dyn Adapter, &str); 3] = [(&Tavus, "{}"), (&HeyGen, HEYGEN), (&LiveKit, "{}")];

#[tokio::test]
async fn a_session_starts_and_ends() {
    for (adapter, options) in VENDORS {
        let mock = mock().await;
        let vendor = adapter.profile().vendor;
        let (id, join) = start(&mock, adapter, &live("s1", None), options).await;
        assert_eq!(status(&mock, &id), Some("active"), "{vendor}");
        match join {
            Join::Url(url) => {
                assert_eq!(client::send(Method::GET, &url, &[], "").await.expect("the room").status, 200, "{vendor}");
            }
            Join::Room { url, token } => assert!(url.starts_with("ws://") && !token.is_empty(), "{vendor}"),
            Join::Grants(grants) => {
                let body = json!({ "token": sign(&grants, KEY) }).to_string();
                let path = "/control/livekit/join";
                let joined = post(&mock, path, ("content-type", "application/json"), &body).await;
                assert_eq!(joined.status, 200, "{vendor}: {:?}", joined.body);
                let elsewhere = json!({ "token": sign(&grants, "API2:mock-secret-of-livekit") }).to_string();
                let refused = post(&mock, path, ("content-type", "application/json"), &elsewhere).await;
                assert_eq!(refused.status, 404, "another key has other rooms");
            }
        }
        let end = Operation::LiveEnd(id.clone());
        call(&mock, adapter, &end, options).await.assert_good();
        for _ in 0..100 {
            let again = call(&mock, adapter, &end, options).await;
            if again.answer.status != 200 {
                assert_eq!(adapter.explain(&again.head(), &again.answer.body).code, "already_ended", "{vendor}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(status(&mock, &id), Some("ended"), "{vendor}");
    }
}

#[tokio::test]
async fn the_vendor_reports_an_end() {
    for adapter in [&Tavus as &dyn Adapter, &LiveKit] {
        let (mock, receiver) = (mock().await, Receiver::start().await);
        let vendor = adapter.profile().vendor;
        let hook = Hook { key: KEY.into(), url: Some(receiver.url.clone()), secret: None };
        mock.state.set_hook("livekit", hook);
        let (id, _) = start(&mock, adapter, &live("vid_2", Some(receiver.url.clone())), "{}").await;
        mock.state.end_live(vendor, &id, 1_777_434_421_000).await;
        let name = if vendor == "tavus" { "system.shutdown" } else { "room_finished" };
        let (headers, body) = receiver.wait_for(name).await;
        let headers: Vec<Header> = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
        let event = adapter.webhook(&headers, &body).expect("an event");
        assert_eq!(
            (event.name.as_str(), event.effect),
            (name, Effect::LiveEnded(Ended { vendor_id: id, at_ms: Some(1_777_434_421_000) }))
        );
        let signed = headers.iter().any(|header| header.name == "authorization");
        assert_eq!(signed, vendor == "livekit");
    }
}

#[tokio::test]
async fn tokens_allow_what_they_say_and_no_more() {
    let mock = mock().await;
    let end = LiveKit.plan(&Operation::LiveEnd("r1".into()), "{}").expect("plans");
    let with = |claims: &str, ttl_seconds: u32| {
        let mut call = end.clone();
        call.auth = adapter::Auth::Grants(adapter::Grants { claims: claims.into(), ttl_seconds });
        call
    };
    // (claims, key, status)
    let rows = [
        (r#"{"video":{"roomCreate":true}}"#, KEY, 404),
        (r#"{"video":{"roomJoin":true,"room":"r1"}}"#, KEY, 403),
        ("{}", KEY, 403),
        (r#"{"video":{"roomCreate":true}}"#, "API1:another-secret", 401),
        (r#"{"video":{"roomCreate":true}}"#, "bad:mock-secret-of-livekit", 401),
    ];
    for (claims, key, expected) in rows {
        let exchange = send(&mock, &LiveKit, with(claims, 60), key).await;
        assert_eq!(exchange.answer.status, expected, "{claims} {key}");
    }
    assert_eq!(mock.state.seen()[0].key.as_deref(), Some(KEY), "the record has the key as a binding has it");
}
