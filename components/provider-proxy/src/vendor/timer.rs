//! One timer for all the waits of a call: setting one and taking it back for each chunk costs more than the chunk.
//!
//! It naps. A wait that is over sooner than a nap leaves the nap to the next wait; one that isn't looks at the clock when
//! the nap ends, and gives up or takes another.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, Instant},
};

/// The longest nap: what begins before its end can use it, as long as it may take longer itself.
const NAP: Duration = Duration::from_secs(5);

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// See the module's description.
#[derive(Default)]
pub struct Timer {
    nap: Option<(Instant, Sleep)>,
}

impl Timer {
    /// The future's value, or `None` when it takes longer than that. Every wait has a bound.
    pub async fn within<T>(&mut self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        self.bounded(limit, future, |span| Box::pin(spin_sdk::time::sleep(span)), Instant::now).await
    }

    async fn bounded<T>(
        &mut self,
        limit: Duration,
        future: impl Future<Output = T>,
        sleep: impl Fn(Duration) -> Sleep,
        now: impl Fn() -> Instant,
    ) -> Option<T> {
        let mut future = pin!(future);
        let mut until = None;
        poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Some(value));
            }
            // Only who has to wait looks at the clock.
            let until = *until.get_or_insert_with(|| now() + limit);
            loop {
                let (_, nap) = match self.nap.take().filter(|(end, _)| *end <= until) {
                    Some(nap) => self.nap.insert(nap),
                    None => {
                        let begin = now();
                        let span = until.saturating_duration_since(begin).min(NAP);
                        self.nap.insert((begin + span, sleep(span)))
                    }
                };
                if nap.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.nap = None;
                if now() >= until {
                    return Poll::Ready(None);
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        future::{pending, ready},
        task::{Context, Waker},
    };

    use super::*;

    /// A clock that stands still until somebody sleeps, and then jumps to the end of the nap.
    struct World {
        now: Cell<Instant>,
        naps: RefCell<Vec<u64>>,
    }

    fn slept<T>(world: &World, timer: &mut Timer, limit: u64, future: impl Future<Output = T>) -> Option<T> {
        let sleep = |span: Duration| -> Sleep {
            world.naps.borrow_mut().push(span.as_secs());
            world.now.set(world.now.get() + span);
            Box::pin(ready(()))
        };
        let waiting = timer.bounded(Duration::from_secs(limit), future, sleep, || world.now.get());
        match pin!(waiting).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("sleeps end at once here"),
        }
    }

    #[test]
    fn a_wait_ends_when_its_time_is_over_and_not_before() {
        let check = |limit: u64, naps: &[u64]| {
            let world = World { now: Cell::new(Instant::now()), naps: RefCell::default() };
            let begun = world.now.get();
            assert_eq!(slept::<()>(&world, &mut Timer::default(), limit, pending()), None);
            assert_eq!(world.now.get() - begun, Duration::from_secs(limit));
            assert_eq!(*world.naps.borrow(), naps, "{limit}");
        };
        check(3, &[3]);
        check(5, &[5]);
        check(12, &[5, 5, 2]);
        check(30, &[5; 6]);
    }

    #[test]
    fn who_need_not_wait_sleeps_not() {
        let world = World { now: Cell::new(Instant::now()), naps: RefCell::default() };
        assert_eq!(slept(&world, &mut Timer::default(), 1, ready(7)), Some(7));
        assert!(world.naps.borrow().is_empty());
    }

    #[test]
    fn a_nap_serves_the_next_wait_unless_that_is_over_sooner() {
        let check = |limits: &[u64], naps: &[u64]| {
            let (begun, taken) = (Instant::now(), RefCell::new(Vec::new()));
            let mut timer = Timer::default();
            for limit in limits {
                // Each wait is over before its nap is.
                let sleep = |span: Duration| -> Sleep {
                    taken.borrow_mut().push(span.as_secs());
                    Box::pin(pending())
                };
                let mut waiting =
                    Box::pin(timer.bounded(Duration::from_secs(*limit), pending::<()>(), sleep, || begun));
                assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            assert_eq!(*taken.borrow(), naps, "{limits:?}");
        };
        check(&[45, 40, 30, 30], &[5]);
        check(&[45, 3, 30], &[5, 3]);
        check(&[3, 45], &[3]);
    }
}
