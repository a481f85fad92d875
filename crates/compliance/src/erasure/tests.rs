#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{Store, StoreError, counted::Counted, expiry, memory::Memory};
use vault::Vault;

use super::*;
use crate::{PersonKey, Whose, sessions_of};

const NOW: Millis = Millis(1_795_165_200_000);

/// What others keep, in memory; each call may fail.
#[derive(Default)]
struct House {
    open: RefCell<BTreeSet<String>>,
    /// Sessions that the log was asked for, and how often it was asked how far they are.
    log: RefCell<BTreeMap<String, u32>>,
    log_is_full: Cell<bool>,
    events: Cell<u64>,
    gone: RefCell<BTreeSet<String>>,
    answers: RefCell<BTreeSet<String>>,
    consents: RefCell<BTreeSet<String>>,
    fails_in: Cell<Option<u32>>,
}

impl House {
    fn spend(&self) -> Result<(), StoreError> {
        match self.fails_in.get() {
            Some(0) => Err(StoreError::Unavailable("crash".into())),
            left => {
                self.fails_in.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl Parts for House {
    fn is_open(&self, session: &str, _: Millis) -> Result<bool, StoreError> {
        self.spend()?;
        Ok(self.open.borrow().contains(session))
    }

    fn erase_log(&self, tenant: &str, session: &str) -> Result<Option<LogErasure>, StoreError> {
        self.spend()?;
        assert_eq!(tenant, "a");
        if self.log_is_full.get() {
            return Ok(None);
        }
        self.log.borrow_mut().entry(format!("era_{session}")).or_default();
        Ok(Some(LogErasure { id: format!("era_{session}"), done: false, erased: 0 }))
    }

    fn log_erasure(&self, id: &str) -> Result<Option<LogErasure>, StoreError> {
        self.spend()?;
        let mut log = self.log.borrow_mut();
        let looks = log.get_mut(id).unwrap();
        *looks += 1;
        Ok(Some(LogErasure { id: id.into(), done: *looks >= 2, erased: 3 }))
    }

    fn forget_events(&self, _: &str, sessions: &[&str], after: u64) -> Result<Option<u64>, StoreError> {
        self.spend()?;
        assert!(!sessions.iter().any(|session| self.open.borrow().contains(*session)));
        self.events.set(self.events.get() + 1);
        Ok((after < 2).then_some(after + 1))
    }

    fn forget_answers(&self, _: &str, sessions: &[&str], _: u64) -> Result<Option<u64>, StoreError> {
        self.spend()?;
        self.answers.borrow_mut().extend(sessions.iter().map(|session| (*session).to_owned()));
        Ok(None)
    }

    fn forget_session(&self, _: &str, session: &str) -> Result<(), StoreError> {
        self.spend()?;
        self.gone.borrow_mut().insert(session.to_owned());
        Ok(())
    }

    fn forget_consent(&self, _: &str, consent: &str) -> Result<(), StoreError> {
        self.spend()?;
        self.consents.borrow_mut().insert(consent.to_owned());
        Ok(())
    }
}

fn key(store: &Memory) -> PersonKey {
    PersonKey::get(store, &Vault::new(&STANDARD.encode([1; 32])).unwrap(), [7; 24]).unwrap()
}

fn note(store: &Memory, person: &str, sessions: impl Iterator<Item = u64>) {
    sessions.for_each(|n| key(store).note(store, "a", person, &format!("ses_{n}"), NOW).unwrap());
}

fn ask(store: &Memory, whose: &Whose, consents: &[&str]) -> Erasure {
    let consents = consents.iter().map(|id| (*id).to_owned()).collect();
    begin(store, ("per_1", "a", whose), &key(store), consents, NOW).unwrap()
}

fn anna() -> Whose {
    Whose::User("anna".into())
}

/// Runs until it is finished; how many runs that took.
fn finish(store: &Memory, house: &House) -> usize {
    let runs = (1..200).find(|_| {
        work(store, house, NOW).unwrap();
        find(store, "per_1").unwrap().unwrap().finished_at.is_some()
    });
    runs.unwrap()
}

fn names(house: &RefCell<BTreeSet<String>>) -> usize {
    house.borrow().len()
}

#[test]
fn twn_5_everything_of_one_person_goes_and_nothing_of_others() {
    let (store, house) = (Memory::default(), House::default());
    note(&store, "anna", 1..=120);
    note(&store, "bert", 500..=501);
    let asked = ask(&store, &anna(), &["con_1"]);
    assert_eq!(asked, ask(&store, &anna(), &[]), "the same id again");
    assert_eq!(asked.finished_at, None);
    finish(&store, &house);
    let done = find(&store, "per_1").unwrap().unwrap();
    assert_eq!(done.erased, Erased { sessions: 120, entries: 360, consents: 1 });
    assert_eq!((names(&house.gone), names(&house.answers), names(&house.consents)), (120, 120, 1));
    let left = |person: &str| sessions_of(&store, &key(&store), "a", person, NOW, 1_000).unwrap().sessions.len();
    assert_eq!((left("anna"), left("bert")), (0, 2));
    // What remains says how much it was, and nothing of whom.
    let text = serde_json::to_string(&done).unwrap();
    assert!(!text.contains("ses_") && !text.contains("con_") && !text.contains("anna"), "{text}");
    let idle = store.dump();
    assert_eq!(work(&store, &house, NOW).unwrap(), (0, vec![]));
    assert_eq!(store.dump(), idle, "an idle run writes nothing");
    // Once what is done has been passed over, it is two reads.
    for minute in 1..3 {
        work(&store, &house, NOW.plus(minute * MINUTE)).unwrap();
    }
    let counted = Counted::of(&store);
    assert_eq!(work(&counted, &house, NOW.plus(3 * MINUTE)).unwrap(), (0, vec![]));
    assert_eq!(counted.operations(), 2);
}

#[test]
fn twn_5_a_session_that_goes_on_is_waited_for() {
    let (store, house) = (Memory::default(), House::default());
    house.open.borrow_mut().insert("ses_1".into());
    ask(&store, &Whose::Session("ses_1".into()), &[]);
    (0..5).for_each(|_| drop(work(&store, &house, NOW).unwrap()));
    assert_eq!((names(&house.gone), house.log.borrow().len(), house.events.get()), (0, 0, 0));
    house.open.borrow_mut().clear();
    house.log_is_full.set(true);
    work(&store, &house, NOW).unwrap();
    assert_eq!(house.events.get(), 0, "the log has too much to do");
    house.log_is_full.set(false);
    finish(&store, &house);
    assert_eq!(find(&store, "per_1").unwrap().unwrap().erased, Erased { sessions: 1, entries: 3, consents: 0 });
}

#[test]
fn twn_5_what_comes_after_it_was_asked_for_stays() {
    let (store, house) = (Memory::default(), House::default());
    note(&store, "anna", 1..=2);
    ask(&store, &anna(), &[]);
    note(&store, "anna", 3..=3);
    finish(&store, &house);
    let left = sessions_of(&store, &key(&store), "a", "anna", NOW, 10).unwrap().sessions;
    assert_eq!(left.iter().map(|left| left.session.as_str()).collect::<Vec<_>>(), ["ses_3"]);
}

#[test]
fn aud_4_a_crash_anywhere_is_made_good() {
    let run = |store: &Memory, house: &House, key: &PersonKey| -> Result<(), BeginError> {
        begin(store, ("per_1", "a", &anna()), key, vec!["con_1".into()], NOW)?;
        work_on(store, house, "per_1", NOW)?;
        for _ in 0..30 {
            // One after another, or the marks of those that crashed keep us waiting.
            work(store, house, NOW)?;
        }
        Ok(())
    };
    let mut crashes = 0;
    for crash in 0..2_000 {
        for of_house in [false, true] {
            let (store, house) = (Memory::default(), House::default());
            note(&store, "anna", 1..=60);
            let key_made = key(&store);
            if of_house {
                house.fails_in.set(Some(crash))
            } else {
                store.fail_after(crash)
            }
            let crashed = run(&store, &house, &key_made).is_err();
            house.fails_in.set(None);
            store.recover();
            crashes += u32::from(crashed);
            let later = NOW.plus(MINUTE);
            begin(&store, ("per_1", "a", &anna()), &key(&store), vec!["con_1".into()], NOW).unwrap();
            for n in 0..40 {
                work(&store, &house, later.plus(n)).unwrap();
            }
            let done = find(&store, "per_1").unwrap().unwrap();
            assert!(done.finished_at.is_some(), "crash after {crash}");
            assert_eq!((names(&house.gone), names(&house.consents)), (60, 1), "crash after {crash}");
            let left = sessions_of(&store, &key(&store), "a", "anna", NOW, 100).unwrap();
            assert_eq!(left.sessions, [], "crash after {crash}");
            if !crashed && !of_house {
                assert!(crashes > 100, "it did something");
                return;
            }
        }
    }
    panic!("never got through");
}

#[test]
fn twn_5_a_place_without_its_erasure_is_struck_off_and_records_are_forgotten() {
    let (store, house) = (Memory::default(), House::default());
    expiry::sweep(&store, NOW.hour_number()).unwrap();
    store.fail_after(1_000);
    super::work::list()
        .append(&store, &super::work::Listed { id: "per_0".into(), at: NOW, tenant: "a".into() })
        .unwrap();
    assert_eq!(work(&store, &house, NOW).unwrap().0, 0);
    assert_eq!(work(&store, &house, NOW.plus(2 * MINUTE)).unwrap().0, 1);
    store.recover();
    ask(&store, &anna(), &[]);
    (0..40).for_each(|n| drop(work(&store, &house, NOW.plus(MINUTE * 3 + n)).unwrap()));
    (0..100).for_each(|_| expiry::sweep(&store, NOW.plus(32 * DAY).hour_number()).unwrap());
    assert_eq!(find(&store, "per_1").unwrap(), None);
    assert_eq!(store.get("person-erasure/per_1").unwrap(), None);
}

#[test]
fn twn_5_one_tenant_has_so_many_erasures_under_way_and_no_more() {
    let (store, house) = (Memory::default(), House::default());
    let key = key(&store);
    let ask = |tenant: &str, id: &str| {
        let whose = Whose::Session(format!("ses_{id}"));
        begin(&store, (id, tenant, &whose), &key, vec![], NOW).map(|erasure| erasure.id)
    };
    for n in 0..MAX_PENDING {
        ask("a", &format!("per_{n}")).unwrap();
    }
    let full = store.dump();
    assert_eq!(ask("a", "per_new"), Err(BeginError::TooMany));
    assert_eq!(ask("a", "per_7").as_deref(), Ok("per_7"), "what is asked for again is no other");
    assert_eq!(store.dump(), full, "what is refused leaves nothing");
    // Once one is done there is room.
    let done = (0..100).any(|_| work(&store, &house, NOW).unwrap().0 > 0);
    assert!(done);
    assert_eq!(ask("a", "per_new").as_deref(), Ok("per_new"));
    // Nobody else is kept waiting by it.
    let full = store.dump();
    assert_eq!(ask("b", "per_b").as_deref(), Ok("per_b"));
    assert_ne!(store.dump(), full);
}

#[test]
fn twn_5_asking_for_an_erasure_costs_the_same_however_many_there_are() {
    let store = Memory::default();
    let key = key(&store);
    for n in 0..5_000 {
        let listed = super::work::Listed { id: format!("per_{n}"), at: NOW, tenant: format!("t{n}") };
        super::work::list().append(&store, &listed).unwrap();
    }
    let counted = Counted::of(&store);
    begin(&counted, ("per_x", "a", &Whose::Session("ses_1".into())), &key, vec![], NOW).unwrap();
    assert!(counted.operations() < 1_020, "{}", counted.operations());
}
