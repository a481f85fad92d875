//! Deliveries of one event beside each other, beside the work on what is due, and beside an operator: whatever crashes,
//! whoever was told that the event is recorded was told the truth, and it has its effect without the vendor's help.

use calendar::Millis;
use explore::{End, Explore, Report, Status};
use kv_schemas::{Store, families, memory::Memory};
use webhooks::ingest::{
    Answer, Books, Bounds, Delivery, Desk, Effect, Ended, Event, Failure, Origin, Stored, Usage, dead_letters, receive,
    stored,
};

const NOW: Millis = Millis(1_795_000_000_000);
const BOUNDS: Bounds = Bounds { events: 200, millis: 10_000, lines: 1_000, slots: 4_096 };

/// How somebody fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fared {
    /// The vendor was told that the event is recorded.
    Told(Answer),
    /// Somebody worked on the list, or replayed the event.
    Worked,
    /// The store failed.
    Offline,
}

/// What an effect of the limits leaves behind: how often it happened under a key that makes it happen once.
struct Once<'a>(&'a dyn Store);

impl Books for Once<'_> {
    fn correct(&self, _: &str, key: &str, _: &Usage) -> Result<(), Failure> {
        self.0.set(&format!("job-hint/{key}"), b"1").map_err(|error| Failure::Later(error.to_string()))
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ended,
    Used,
    Unreadable,
}

impl Kind {
    fn event(self) -> Result<Event, String> {
        let effect = match self {
            Self::Ended => Effect::LiveEnded(Ended { vendor_id: "c1".into(), at: Some(NOW) }),
            Self::Used => Effect::Used(Usage {
                limit_check_id: "lc_1".into(),
                units: 1,
                unit_type: "seconds".into(),
                reason: "counted".into(),
            }),
            Self::Unreadable => return Err("unreadable".into()),
        };
        Ok(Event { name: "event".into(), effect })
    }

    fn has_happened(self, store: &Memory) -> bool {
        match self {
            Self::Ended => families::LIVE_REPORT.value::<()>(&["lv_1"]).exists(store).unwrap(),
            Self::Used => store.keys().iter().any(|key| key.starts_with("job-hint/webhook/evt_")),
            Self::Unreadable => dead_letters(store, 10).unwrap().len() == 1,
        }
    }
}

fn deliver(store: &dyn Store, at: Millis, kind: Kind) -> Fared {
    let origin = Origin { tenant: "t".into(), provider: "v".into(), verified_by: "generic".into(), live: None };
    let delivery = Delivery { origin: &origin, dedupe_id: "e1", headers: &[], body: b"{}" };
    match receive(store, &Once(store), at, &delivery, &kind.event()) {
        Ok(answer) => Fared::Told(answer),
        Err(_) => Fared::Offline,
    }
}

fn at_desk<T>(store: &dyn Store, at: Millis, kind: Kind, act: impl FnOnce(&Desk<'_>) -> T) -> T {
    let reader = |_: &Stored| kind.event();
    act(&Desk { store, books: &Once(store), reader: &reader, clock: &|| at })
}

fn work(store: &dyn Store, at: Millis, kind: Kind) -> Fared {
    at_desk(store, at, kind, |desk| desk.work(BOUNDS)).map_or(Fared::Offline, |_| Fared::Worked)
}

fn replay(store: &dyn Store, at: Millis, kind: Kind, id: &str) -> Fared {
    let Ok(found) = stored(store, id) else { return Fared::Offline };
    let Some(found) = found else { return Fared::Worked };
    at_desk(store, at, kind, |desk| desk.replay(&found)).map_or(Fared::Offline, |_| Fared::Worked)
}

fn world() -> Memory {
    let store = Memory::default();
    families::LIVE_BY_VENDOR.value::<String>(&["t", "v", "c1"]).set(&store, &"lv_1".into()).unwrap();
    store
}

fn id_of(store: &Memory) -> String {
    deliver(store, NOW, Kind::Unreadable);
    store.keys().iter().find_map(|key| key.strip_prefix("webhook/").map(str::to_owned)).unwrap()
}

/// In the end, after nobody but the work on the list has done anything more.
fn check(end: &End<'_, Fared>, actors: usize, kind: Kind) -> Result<(), String> {
    let told = (0..actors).any(|n| matches!(end.view.status(n), Status::Ended(Fared::Told(_))));
    let store = &end.store;
    let recorded = store.keys().iter().any(|key| key.starts_with("webhook-seen/"));
    if told && !recorded {
        return Err("the vendor was told so, and it isn't recorded".into());
    }
    for seconds in [45, 110, 200, 900] {
        work(store, NOW.plus(seconds * 1_000), kind);
    }
    let left = store.keys().into_iter().find(|key| key.starts_with("webhook-due/") && !key.ends_with("/tail"));
    match left {
        Some(key) => Err(format!("{key} is left")),
        None if recorded && !kind.has_happened(store) => Err("it is recorded and has no effect".into()),
        None => Ok(()),
    }
}

#[test]
fn two_deliveries_at_once_then_the_work() {
    for kind in [Kind::Ended, Kind::Used, Kind::Unreadable] {
        let store = world();
        let explore = Explore::new(&store)
            .constants(&["live-by-vendor/"])
            .errors(1)
            .actor("first", |store: &dyn Store| deliver(store, NOW, kind))
            .actor("second", |store: &dyn Store| deliver(store, NOW.plus(3), kind))
            .finally(|end: &End<'_, Fared>| {
                let at = |n| end.view.status(n) == Status::Ended(&Fared::Told(Answer::Accepted));
                if at(0) && at(1) {
                    return Err("both are the one that counts".into());
                }
                check(end, 2, kind)
            });
        ran(explore.run(&format!("two deliveries, {kind:?}")));
    }
}

#[test]
fn what_a_crash_left_beside_the_vendors_repeat_and_the_work() {
    let later = NOW.plus(11_000);
    for kind in [Kind::Ended, Kind::Used] {
        let store = world();
        let explore = Explore::new(&store)
            .constants(&["live-by-vendor/"])
            .actor("first", |store: &dyn Store| deliver(store, NOW, kind))
            .then()
            .actor("repeat", |store: &dyn Store| deliver(store, later, kind))
            .actor("work", |store: &dyn Store| work(store, later, kind))
            .finally(|end: &End<'_, Fared>| check(end, 3, kind));
        ran(explore.run(&format!("a repeat beside the work, {kind:?}")));
    }
}

#[test]
fn an_operator_beside_the_work() {
    let (later, id) = (NOW.plus(11_000), id_of(&world()));
    for kind in [Kind::Ended, Kind::Used] {
        let store = world();
        let explore = Explore::new(&store)
            .constants(&["live-by-vendor/"])
            .actor("first", |store: &dyn Store| deliver(store, NOW, kind))
            .then()
            .actor("operator", |store: &dyn Store| replay(store, later, kind, &id))
            .actor("work", |store: &dyn Store| work(store, later, kind))
            .finally(|end: &End<'_, Fared>| check(end, 3, kind));
        ran(explore.run(&format!("an operator beside the work, {kind:?}")));
    }
}

fn ran(report: Report) {
    report.at_least(100, 10);
}
