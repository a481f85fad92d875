//! What each effect leaves for the proxy.

use calendar::Millis;
use kv_schemas::{Slot, Store, families, gap::Gap, memory::Memory};
use webhooks::ingest::{Effect, LiveReport, Message};

use crate::house::{NOW, at_desk, ended_at, event, house, only, report, send, work};

fn late(store: &Memory) -> Vec<String> {
    let log = families::LIVE_LATE.log::<String>(&[]);
    let slots = (1..=log.tail(store).unwrap()).map(|index| log.get(store, index).unwrap());
    slots.filter_map(|slot| if let Slot::Entry(live) = slot { Some(live) } else { None }).collect()
}

#[test]
fn the_first_report_stays_and_the_vendors_own_time_is_added() {
    let store = house();
    send(&store, NOW, "e1", &ended_at("c1", None)).unwrap();
    let first = report(&store, "lv_1").unwrap();
    assert_eq!((first.at_ms, first.ended_at_ms), (NOW, None));
    send(&store, NOW.plus(1), "e2", &ended_at("c1", Some(700))).unwrap();
    let moved = report(&store, "lv_1").unwrap();
    assert_eq!((moved.at_ms, moved.ended_at_ms), (NOW, Some(Millis(700))));
    send(&store, NOW.plus(2), "e3", &ended_at("c1", Some(900))).unwrap();
    assert_eq!(report(&store, "lv_1").unwrap(), moved);
    assert_eq!(late(&store), [""; 0], "nobody has ended it yet");
}

#[test]
fn a_report_after_the_end_is_put_before_the_proxy() {
    let store = house();
    families::LIVE_ENDING.value(&["lv_1"]).set(&store, &7).unwrap();
    send(&store, NOW, "e1", &ended_at("c1", None)).unwrap();
    assert_eq!(late(&store), ["lv_1"]);
    send(&store, NOW, "e2", &ended_at("c1", None)).unwrap();
    assert_eq!(late(&store), ["lv_1"], "it says nothing new");
    send(&store, NOW, "e3", &ended_at("c1", Some(700))).unwrap();
    assert_eq!(late(&store), ["lv_1", "lv_1"], "it moves the end");
}

#[test]
fn a_report_that_crashed_before_that_is_put_there_by_the_retry() {
    for operations in 0..40 {
        let store = house();
        families::LIVE_ENDING.value(&["lv_1"]).set(&store, &7).unwrap();
        store.fail_after(operations);
        let first = send(&store, NOW, "e1", &ended_at("c1", Some(700)));
        store.recover();
        work(&store, NOW.plus(60_001), &ended_at("c1", Some(700))).unwrap();
        send(&store, NOW.plus(60_002), "e1", &ended_at("c1", Some(700))).unwrap();
        assert!(!late(&store).is_empty(), "after {operations}: {first:?}");
    }
}

/// Whoever ends the session marks that and then looks for a report; before any operation of the delivery.
#[test]
fn either_the_proxy_sees_the_report_or_it_is_put_there() {
    for step in 0..40 {
        let store = house();
        let saw = std::cell::Cell::new(None);
        let proxy = |store: &dyn Store| {
            families::LIVE_ENDING.value(&["lv_1"]).set(store, &7).unwrap();
            saw.set(Some(families::LIVE_REPORT.value::<LiveReport>(&["lv_1"]).exists(store).unwrap()));
        };
        send(&Gap::new(&store, step, &proxy), NOW, "e1", &ended_at("c1", None)).unwrap();
        if let Some(saw) = saw.get() {
            assert!(saw || !late(&store).is_empty(), "before operation {step}");
        }
    }
}

#[test]
fn reports_of_earlier_releases_are_read_and_stay() {
    let old: LiveReport = serde_json::from_str(r#"{"at_ms":5,"event":"evt_1"}"#).unwrap();
    assert_eq!(old, LiveReport { at_ms: Millis(5), event: "evt_1".into(), ended_at_ms: None });
    assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"at_ms":5,"event":"evt_1"}"#);
}

#[test]
fn a_message_gets_into_the_inbox_once() {
    let said = || {
        let text = "hello".into();
        event(Effect::Message(Message { conversation: "77".into(), sender: "5".into(), text }))
    };
    for operations in 0..40 {
        let store = house();
        store.fail_after(operations);
        let first = send(&store, NOW, "e1", &said());
        store.recover();
        if store.keys().iter().any(|key| key.starts_with("webhook-seen/")) {
            work(&store, NOW.plus(60_001), &said()).unwrap();
        } else {
            assert!(first.is_err());
            send(&store, NOW.plus(60_001), "e1", &said()).unwrap();
        }
        let id = only(&store).id;
        let message = messaging::record(&id).get(&store).unwrap().unwrap();
        assert_eq!((message.text.as_str(), message.conversation.id.as_str()), ("hello", "77"));
        assert_eq!((message.conversation.tenant.as_str(), message.conversation.provider.as_str()), ("demo", "tavus"));
        assert_eq!(message.direction, messaging::Direction::In { sender: "5".into() });
        let lines = messaging::list().tail(&store).unwrap();
        assert!((1..=2).contains(&lines), "after {operations}: {lines}");
        // A repeat does nothing.
        send(&store, NOW.plus(60_002), "e1", &said()).unwrap();
        at_desk(&store, NOW.plus(60_003), &said(), |desk| desk.replay(&only(&store))).unwrap();
        assert_eq!(messaging::list().tail(&store).unwrap(), lines);
    }
}
