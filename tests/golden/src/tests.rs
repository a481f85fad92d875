//! What the store holds is what is committed, this release can read it, and nothing is left out.

use std::collections::BTreeSet;

use calendar::Millis;
use kv_schemas::{Family, Kind, families, memory::Cell};
use money::PriceRow;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    file::{self, Dump},
    story,
};

/// Families that no core writes: their records belong to components, which build for Wasm alone.
const NOT_COVERED: [&str; 75] = [
    // provider-proxy begins trainings.
    "TWIN_TRAINING_MARK",
    "TWIN_TRAINING_TURN",
    // provider-proxy sends traces over HTTP.
    "TRACE_TURN",
    // The site.
    "SITE",
    // session-authorize fetches key sets over HTTP.
    "JWKS",
    // The proxy's live sessions (what webhooks read and write of them is covered) and answers under way.
    "LIVE",
    "LIVE_ENDING",
    "LIVE_TICK",
    "LIVE_OF_SESSION",
    "LIVE_LIST",
    "LIVE_HEAD",
    "LIVE_LATE",
    "LIVE_LATE_HEAD",
    "LIVE_PAID",
    "INTERRUPT",
    // What the proxy said aloud, and its look at open breakers.
    "DISCLOSURE_SAID",
    "BREAKER_HEAD",
    // Its jobs and the context it fetched.
    "JOB",
    "JOB_BY_VENDOR",
    "JOB_HINT",
    "JOB_CALLING",
    "JOB_LIST",
    "JOB_HEAD",
    "CONTEXT",
    "CONTEXT_FETCH",
    // Its projects and their runs.
    "PROJECT",
    "PROJECT_LIST",
    "PROJECT_COUNT",
    "PROJECT_GONE",
    "PROJECT_OWNER",
    "PROJECT_OWNERS",
    "PROJECT_OWNERS_HEAD",
    "RUN",
    "RUN_LIST",
    "RUN_HEAD",
    "RUNS_OF",
    "RUNS_OPEN",
    "RUN_MARK",
    "RUN_TICKET",
    "RUNS_DRIVEN",
    // Messages of other apps' conversations.
    "MESSAGE",
    "MESSAGE_STATE",
    "MESSAGE_LIST",
    "MESSAGE_HEAD",
    "MESSAGE_MARK",
    "MESSAGE_TICKET",
    "MESSAGES_WORKED",
    // Answers to idempotency keys: sealed, with randomness from the host.
    "ANSWER",
    "ANSWERING",
    "ANSWER_LIST",
    "ANSWER_HEAD",
    // An erasure that is done: the story is told as far as one that was begun.
    "ERASED",
    // What is told to tenants' servers: written and delivered as things happen.
    "FEED_MINUTE",
    "FEED_LIST_HEAD",
    "ENDPOINT",
    "ENDPOINT_LIST",
    "ENDPOINT_HEAD",
    "DELIVERY",
    "DELIVERY_MARK",
    "DELIVERY_TICKET",
    "DELIVERY_RETRY",
    "DELIVERY_RETRY_HEAD",
    "DELIVERY_DEAD",
    "DELIVERY_DEAD_HEAD",
    "REDELIVERY",
    "EVENT_STREAMS",
    // What operators look at: its component has their bytes in a test of its own.
    "RUN_COUNT",
    "SNAPSHOT",
    "SNAPSHOT_LIST",
    "SNAPSHOT_HEAD",
    "SNAPSHOT_MAKING",
    "CHECK_REPORT",
    "CHECK_LIST",
    "CENSUS",
    // How far sealing anew is: the same.
    "RESEAL",
];

#[test]
fn the_store_holds_what_is_committed() {
    let now = story::told().dump();
    let committed = file::committed();
    let keys: BTreeSet<&String> = now.keys().chain(committed.keys()).collect();
    let shown = |dump: &Dump, key: &str| dump.get(key).map(|cell| file::line(key, cell));
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| now.get(*key) != committed.get(*key))
        .map(|key| format!("committed: {:?}\nnow:       {:?}\n", shown(&committed, key), shown(&now, key)))
        .collect();
    assert!(
        differing.is_empty(),
        "the encoding of {} keys has changed. Can this release still read what the last one wrote? If so, accept the \
         new bytes with `UPDATE=1 cargo test -p golden`.\n{}",
        differing.len(),
        differing.join("\n")
    );
}

#[test]
fn the_story_goes_on_from_what_any_release_has_written() {
    for (name, dump) in file::all() {
        println!("{name}");
        story::goes_on(&file::restored(&dump));
    }
}

#[test]
fn records_read_and_written_again_have_the_same_bytes() {
    let dump = file::committed();
    let check = |family: Family, again: fn(&[u8]) -> Vec<u8>| {
        let mut met = 0;
        for (key, cell) in dump.iter().filter(|(key, _)| family.owns(key)) {
            let Cell::Value(bytes) = cell else { continue };
            assert_eq!(String::from_utf8(again(bytes)), String::from_utf8(bytes.clone()), "{key}");
            met += 1;
        }
        assert!(met > 0, "{} is not in the dump", family.name);
    };
    check(families::TENANT.family(), again::<tenancy::Tenant>);
    check(families::TENANT_LIST.family(), again::<String>);
    check(families::TENANT_GONE.family(), again::<Millis>);
    check(families::TENANT_MARK.family(), again::<tenancy::Mark>);
    check(families::TWIN.family(), again::<twins::Twin>);
    check(families::TWIN_ID.family(), again::<String>);
    check(families::TWIN_ACCESS.family(), again::<tenancy::TwinAccess>);
    check(families::TWIN_CONSENT.family(), again::<Vec<twins::Consent>>);
    check(families::TWIN_TRAINING.family(), again::<twins::Training>);
    check(families::TWIN_MARK.family(), again::<tenancy::Mark>);
    check(families::CERTIFICATES.family(), again::<Vec<compliance::Certificate>>);
    check(families::MESH_NOTE.family(), again::<twins::Note>);
    check(families::PERSON_SESSION.family(), again::<compliance::PersonSession>);
    check(families::PERSON_ERASURE.family(), again::<compliance::Erasure>);
    check(families::COMPANY.family(), again::<tenancy::Company>);
    check(families::LIMITS_PAST.family(), again::<Vec<tenancy::PastLimits>>);
    check(families::ORIGIN.family(), again::<Vec<String>>);
    check(families::KEY.family(), again::<tenancy::KeyRecord>);
    check(families::VENDOR.family(), again::<tenancy::VendorBinding>);
    check(families::PRICES.family(), again::<Vec<PriceRow>>);
    check(families::PRICE_LIST.family(), again::<String>);
    check(families::SESSION.family(), again::<session::Session>);
    check(families::SESSION_DUE.family(), again::<Millis>);
    check(families::SESSION_END.family(), again::<session::Ending>);
    check(families::SESSION_EVENT.family(), again::<session::Event>);
    check(families::PERMIT.family(), again::<limits::Permit>);
    check(families::PERMIT_EXTENSION.family(), again::<Millis>);
    check(families::QUEUE_HEAD.family(), again::<u64>);
    check(families::EXPIRY.family(), again::<Vec<String>>);
    check(families::STAGE.family(), again::<audit::Staged>);
    check(families::PERSONAL.family(), again::<audit::Personal>);
    check(families::ENTRY.family(), again::<audit::Entry>);
    check(families::TOTALS.family(), again::<audit::Totals>);
    check(families::LIVE_REPORT.family(), again::<webhooks::ingest::LiveReport>);
    check(families::BREAKER.family(), again::<router::breaker::Record>);
    check(families::BREAKER_LIST.family(), again::<router::breaker::Listed>);
    check(families::ROUTE_RING.family(), again::<router::window::Numbered>);
    check(families::ROUTE_SUMMARY.family(), again::<router::Summary>);
    check(families::WEBHOOK.family(), again::<webhooks::ingest::Stored>);
    check(families::DEAD_LETTER.family(), again::<webhooks::ingest::DeadLetter>);
}

fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&serde_json::from_slice::<T>(bytes).unwrap()).unwrap()
}

#[test]
fn every_family_is_in_the_dump_or_on_the_list_of_those_that_are_not() {
    let dump = story::told().dump();
    for family in families::all() {
        let is_there = dump.keys().any(|key| family.owns(key));
        let is_listed = NOT_COVERED.contains(&family.name);
        assert_ne!(is_there, is_listed, "{}: written by the story: {is_there}, listed: {is_listed}", family.name);
    }
    for name in NOT_COVERED {
        assert!(families::all().any(|family| family.name == name), "{name} is listed and is no family");
    }
}

#[test]
fn every_key_is_of_one_family_and_of_its_kind() {
    for (key, cell) in story::told().dump() {
        let owners: Vec<_> = families::all().filter(|family| family.owns(&key)).collect();
        let [family] = owners.as_slice() else { panic!("{key} is of {owners:?}") };
        let counts = match family.kind {
            Kind::Counters | Kind::Onces => true,
            Kind::Values => false,
            Kind::Logs => key.ends_with("/tail"),
        };
        assert_eq!(matches!(cell, Cell::Counter(_)), counts, "{key}");
    }
}
