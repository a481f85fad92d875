//! A storm of deliveries: each event several times, out of order, some at the very same moment, forgeries in between.
//! Whatever isn't answered is sent again, as vendors do, to whichever gate is there by then.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::forged::{Bad, forged};
use super::signed::{Event, now};
use crate::caller::{Answer, Caller};
use crate::eventually;
use crate::random::Seeded;
use crate::wait::at_once;

/// Copies of one event that go out side by side, at most.
const SALVO: u64 = 4;
/// How long an event is sent again and again: a gate that is killed is back long before.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(50);
/// A delivery that comes so long after the first one, and finds an event that isn't done with, goes on with it.
const CONCURRENT: Duration = Duration::from_secs(10);

/// See the module's description.
pub struct Storm {
    pub events: Vec<Event>,
    /// What became of each event, in the same order.
    told: Vec<Mutex<Told>>,
    urls: RwLock<Vec<String>>,
    queue: Mutex<VecDeque<Delivery>>,
    /// Deliveries without an answer yet, and those with one.
    open: AtomicUsize,
    answered: AtomicUsize,
    /// Forgeries that were refused.
    refused: AtomicUsize,
}

/// What the gate said to the deliveries of one event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    pub accepted: u32,
    pub duplicate: u32,
    /// Of those accepted, deliveries so long after the first one that they can't have been concurrent with it.
    pub accepted_late: u32,
    /// Deliveries whose answer never came, or that the gate asked to send again.
    pub unanswered: u32,
    first: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Delivery {
    Good(usize),
    Bad(usize, Bad),
}

impl Storm {
    /// `deliveries` of `events` in a random order, `bad` of them forged; each event at least once.
    pub fn of(events: Vec<Event>, deliveries: usize, bad: usize, random: &mut Seeded) -> Self {
        let mut salvos: Vec<Vec<Delivery>> = (0..events.len()).map(|at| vec![Delivery::Good(at)]).collect();
        let mut left = deliveries - events.len() - bad;
        while left > 0 {
            let copies = (1 + random.below(SALVO) as usize).min(left);
            salvos.push(vec![Delivery::Good(random.below(events.len() as u64) as usize); copies]);
            left -= copies;
        }
        // A forgery needs something that is signed.
        let signed: Vec<usize> = (0..events.len()).filter(|at| !events[*at].headers(0).is_empty()).collect();
        for _ in 0..bad {
            let at = signed[random.below(signed.len() as u64) as usize];
            salvos.push(vec![Delivery::Bad(at, Bad::ALL[random.below(Bad::ALL.len() as u64) as usize])]);
        }
        for last in (1..salvos.len()).rev() {
            salvos.swap(last, random.below(last as u64 + 1) as usize);
        }
        Self {
            told: events.iter().map(|_| Mutex::default()).collect(),
            events,
            urls: RwLock::default(),
            queue: Mutex::new(salvos.concat().into()),
            open: AtomicUsize::new(deliveries),
            answered: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }

    /// Where the gates are from now on; none while they are down.
    pub fn aim(&self, urls: &[&str]) {
        *self.urls.write().unwrap_or_else(PoisonError::into_inner) = urls.iter().map(|url| (*url).to_owned()).collect();
    }

    /// Sends all of it over so many connections; gives back once every delivery has its answer.
    pub fn rage(&self, connections: usize, seed: u64) {
        at_once(connections, |number| self.work(&mut Seeded::new(seed, number as u64)));
    }

    /// Waits until so many deliveries have their answers.
    pub fn wait_for(&self, answered: usize) {
        eventually(&format!("{answered} answers"), PATIENCE, || {
            (self.answered.load(Ordering::Relaxed) >= answered).then_some(())
        });
    }

    pub fn told(&self) -> impl Iterator<Item = (&Event, Told)> {
        self.events.iter().zip(&self.told).map(|(event, told)| (event, *lock(told)))
    }

    /// Forgeries that were refused.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    fn work(&self, random: &mut Seeded) {
        let mut deadline = Instant::now() + PATIENCE;
        while self.open.load(Ordering::Relaxed) > 0 {
            // In a statement of its own: nobody sends with the lock in hand.
            let next = lock(&self.queue).pop_front();
            let done = next.is_some_and(|delivery| self.deliver(delivery, random));
            if done {
                self.answered.fetch_add(1, Ordering::Relaxed);
                self.open.fetch_sub(1, Ordering::Relaxed);
                deadline = Instant::now() + PATIENCE;
                continue;
            }
            assert!(Instant::now() < deadline, "no answer for {PATIENCE:?}");
            if let Some(delivery) = next {
                // Later, and behind others.
                let mut queue = lock(&self.queue);
                let behind = random.below(200).min(queue.len() as u64) as usize;
                queue.insert(behind, delivery);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Whether the gate has answered for good.
    fn deliver(&self, delivery: Delivery, random: &mut Seeded) -> bool {
        let url = {
            let urls = self.urls.read().unwrap_or_else(PoisonError::into_inner);
            if urls.is_empty() {
                return false;
            }
            urls[random.below(urls.len() as u64) as usize].clone()
        };
        match delivery {
            Delivery::Good(at) => {
                lock(&self.told[at]).first.get_or_insert_with(Instant::now);
                let answer = send(&url, &self.events[at], &self.events[at].headers(now()), &self.events[at].body);
                self.note(at, answer)
            }
            Delivery::Bad(at, bad) => {
                let (headers, body) = forged(&self.events[at], bad);
                let Some(answer) = send(&url, &self.events[at], &headers, &body) else { return false };
                if answer.status == 503 {
                    return false;
                }
                assert_eq!(answer.status, 401, "{bad:?} {}: {}", self.events[at].name, answer.text());
                self.refused.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }

    fn note(&self, at: usize, answer: Option<Answer>) -> bool {
        let mut told = lock(&self.told[at]);
        let Some(answer) = answer.filter(|answer| answer.status != 503) else {
            told.unanswered += 1;
            return false;
        };
        match answer.expect(200)["status"].as_str() {
            Some("accepted") => {
                let is_late = told.first.is_some_and(|first| first.elapsed() > CONCURRENT);
                told.accepted_late += u32::from(is_late && told.accepted > 0);
                told.accepted += 1;
            }
            Some("duplicate") => told.duplicate += 1,
            _ => panic!("{}: {}", self.events[at].name, answer.text()),
        }
        true
    }
}

fn send(url: &str, event: &Event, headers: &[(&'static str, String)], body: &[u8]) -> Option<Answer> {
    let vendor = Caller::stranger(url);
    let call = headers.iter().fold(vendor.call("POST", &event.route), |call, (name, value)| call.header(name, value));
    call.bytes("application/json", body).try_send().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
