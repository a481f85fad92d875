//! What vendors answer to the start of a live session: where they would send the page.

use adapter::{Capability, Fields, Join, Live, NoGood, Started, Step, is_id, is_room_url};
use fuzz::{Case, hold};

use crate::{adapters, is_our_own, is_plain, millis, recorded, require};

fn leads_somewhere(started: &Started) -> Result<(), String> {
    require(is_id(&started.vendor_id, 200, "_-.:"), || format!("no id: {:?}", started.vendor_id))?;
    match &started.step {
        Step::Open(Join::Url(url)) => require(is_room_url(url), || format!("the page is sent to {url:?}")),
        Step::Open(Join::Room { url, token }) => {
            require(is_room_url(url), || format!("the page is sent to {url:?}"))?;
            require(is_id(token, 8_192, "._-~=+/"), || format!("no token: {token:?}"))
        }
        Step::Open(Join::Grants(grants)) => {
            require((1..=3_600).contains(&grants.ttl_seconds), || format!("a token for {} s", grants.ttl_seconds))?;
            let claims = Fields::parse(grants.claims.as_bytes()).map_err(|_| "claims are an object".to_owned())?;
            let ours = ["iss", "nbf", "iat", "exp"].iter().find(|name| claims.raw(name).is_some());
            require(ours.is_none(), || format!("{ours:?} is the proxy's to write"))
        }
        Step::Call(call) => {
            let path = call.path.starts_with('/') && call.path.bytes().all(|byte| byte.is_ascii_graphic());
            require(path && !call.path.contains(".."), || format!("the path {:?}", call.path))?;
            let headers = call.headers.iter().all(|header| header.value.bytes().all(|b| (0x20..0x7f).contains(&b)));
            require(headers && call.worst_case.is_empty(), || format!("{call:?}"))
        }
    }
}

#[test]
fn the_page_is_sent_nowhere_but_to_a_room() {
    let is_live = |capabilities: &[Capability]| {
        capabilities.iter().any(|one| matches!(one, Capability::Video | Capability::Realtime))
    };
    for adapter in adapters().iter().filter(|adapter| is_live(adapter.profile().capabilities)) {
        let vendor = adapter.profile().vendor;
        let session = Live { id: "vid_1".into(), max_seconds: 60, visitor: "v_1".into(), ..Live::default() };
        let room = br#"{"sid":"RM_1","name":"vid_1","metadata":"{\"publish\":\"microphone\",\"join_seconds\":60}"}"#;
        let mut corpus: Vec<Case> = recorded(vendor).into_iter().map(|body| vec![body]).collect();
        corpus.push(vec![room.to_vec()]);
        hold(&format!("start at {vendor}"), &corpus, millis(700), |case| {
            let found = adapter.live_started(&session, &case[0]);
            require(adapter.live_started(&session, &case[0]) == found, || "read twice, it is two things".to_owned())?;
            match found {
                Ok(started) => leads_somewhere(&started),
                Err(NoGood::Refused(failure)) => is_our_own(&failure),
                Err(NoGood::Garbled(why)) => require(is_plain(&why, 200), || format!("{why:?}")),
            }
        });
    }
}
