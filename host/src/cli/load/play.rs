//! The month itself: what is next in time happens next, and the limits' own code says what comes of it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use anyhow::{Result, bail, ensure};
use calendar::{DAY, HOUR, Millis, SECOND};
use limits::{Reservation, reserve};
use money::{Nanos, Quantity};

use super::House;
use super::book::Book;
use super::pattern::Pattern;
use super::random::Random;
use super::slate::Slate;
use crate::cli::out::Progress;

mod permits;

/// The first of a month of 31 days.
const START: &str = "2100-01-01T00:00:00Z";
/// Things that may happen: no pattern that was checked comes near it.
const MOST_EVENTS: u64 = 40_000_000;

type Visitor = u64;

/// What happens.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives,
    Chats {
        visitor: Visitor,
        ticket: Option<u64>,
    },
    /// The answer is there: so many tokens came back.
    ChatEnds {
        permit: String,
        output: u64,
    },
    Meets {
        visitor: Visitor,
        until: u64,
    },
    Ticks {
        visitor: Visitor,
        lease: String,
        until: u64,
    },
    TickEnds {
        permit: String,
    },
    Leaves {
        visitor: Visitor,
    },
    NextHour,
}

pub fn play(store: &Slate, house: &House, pattern: &Pattern) -> Result<Book> {
    let Some(start) = Millis::parse(START) else { bail!("{START} is no time") };
    let mut month = Month {
        store,
        house,
        pattern,
        random: Random::new(pattern.seed),
        book: Book::new(start),
        events: BinaryHeap::new(),
        there: BTreeSet::new(),
        counted: 0,
        open: 0,
        start: start.0,
        end: start.0 + pattern.days * DAY,
    };
    month.later(start.0, Event::NextHour);
    month.next_arrival(start.0);
    let progress = Progress::begin("playing hours", Some(pattern.days * (DAY / HOUR)));
    let mut happened = 0;
    while let Some(Reverse((at, _, event))) = month.events.pop() {
        happened += 1;
        ensure!(happened < MOST_EVENTS, "that is too much to be played: give fewer --days");
        if event == Event::NextHour {
            progress.reach((at - start.0) / HOUR);
        }
        month.happens(Millis(at), event)?;
    }
    Ok(month.book)
}

struct Month<'a> {
    store: &'a Slate,
    house: &'a House,
    pattern: &'a Pattern,
    random: Random,
    book: Book,
    /// By time, and at the same time in the order of their making.
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    there: BTreeSet<String>,
    counted: u64,
    /// Permits that take a place.
    open: u64,
    start: u64,
    end: u64,
}

impl Month<'_> {
    fn later(&mut self, at: u64, event: Event) {
        self.counted += 1;
        self.events.push(Reverse((at, self.counted, event)));
    }

    /// Of those who would come in the night, the next one comes in the morning.
    fn next_arrival(&mut self, now: u64) {
        let mut at = now + self.random.wait_ms(self.pattern.visitors_per_minute).max(1);
        let (opens, closes) = (self.pattern.hours.start * HOUR, self.pattern.hours.end * HOUR);
        let of_day = (at - self.start) % DAY;
        if of_day < opens {
            at += opens - of_day;
        } else if of_day >= closes {
            at += DAY - of_day + opens;
        }
        if at < self.end {
            self.later(at, Event::Arrives);
        }
    }

    fn happens(&mut self, now: Millis, event: Event) -> Result<()> {
        match event {
            Event::Arrives => self.arrives(now),
            Event::Chats { visitor, ticket } => self.chats(now, visitor, ticket)?,
            Event::ChatEnds { permit, output } => {
                let used = [("input_tokens", self.pattern.input_tokens), ("output_tokens", output)];
                self.ends("chat", &permit, &used.map(|(unit, units)| Quantity::new(unit, units)))?;
                self.open -= 1;
            }
            Event::Meets { visitor, until } => self.meets(now, visitor, until)?,
            Event::Ticks { visitor, lease, until } => self.ticks(now, visitor, lease, until)?,
            Event::TickEnds { permit } => {
                let used = [Quantity::new("seconds", self.pattern.tick)];
                self.ends("video", &permit, &used)?;
            }
            Event::Leaves { visitor } => drop(self.there.remove(&name(visitor))),
            Event::NextHour => {
                let there = &self.there;
                self.store.forget(|session| there.contains(session))?;
                let since = now.0.saturating_sub(self.start);
                if since.is_multiple_of(DAY) {
                    self.book.tell(since / DAY + 1, self.pattern.days);
                }
                if now.0 + HOUR < self.end {
                    self.later(now.0 + HOUR, Event::NextHour);
                }
            }
        }
        Ok(())
    }

    fn arrives(&mut self, now: Millis) {
        self.next_arrival(now.0);
        self.book.visitor();
        self.counted += 1;
        let (visitor, stay) = (self.counted, self.pattern.stay * SECOND);
        self.there.insert(name(visitor));
        for _ in 0..self.pattern.chats {
            let at = now.0 + self.random.below(stay);
            self.later(at, Event::Chats { visitor, ticket: None });
        }
        if self.random.below(100) < self.pattern.video {
            self.later(now.0, Event::Meets { visitor, until: now.0 + stay });
        }
        // A while later than the visitor: what is under way ends first.
        self.later(now.0 + stay + HOUR, Event::Leaves { visitor });
    }

    fn chats(&mut self, now: Millis, visitor: Visitor, ticket: Option<u64>) -> Result<()> {
        let (mean, most) = (self.pattern.output_tokens, self.pattern.max_output_tokens);
        // From half to one and a half of the mean.
        let output = (mean.div_ceil(2) + self.random.below(mean.max(1))).min(most);
        let tokens = |output| {
            vec![Quantity::new("input_tokens", self.pattern.input_tokens), Quantity::new("output_tokens", output)]
        };
        let asked = Reservation { ticket, ..self.asked("chat", visitor, tokens(most), self.pattern.chat_seconds) };
        if ticket.is_none() {
            self.book.asked("chat", self.price(&self.house.chat, &tokens(output), now)?);
        }
        if let Some((permit, _)) = self.reserve(now, "chat", &asked, |ticket| Event::Chats { visitor, ticket })? {
            self.open += 1;
            self.book.at_once(self.open);
            self.later(now.0 + self.pattern.chat_seconds * SECOND, Event::ChatEnds { permit, output });
        }
        Ok(())
    }

    /// A lease on a place, for as long as its ticks come.
    fn meets(&mut self, now: Millis, visitor: Visitor, until: u64) -> Result<()> {
        let asked = self.asked("video", visitor, Vec::new(), 2 * self.pattern.tick);
        self.book.asked("video", Nanos(0));
        if let Some((lease, _)) = self.reserve(now, "video", &asked, |_| Event::Meets { visitor, until })? {
            self.open += 1;
            self.book.at_once(self.open);
            self.later(now.0, Event::Ticks { visitor, lease, until });
        }
        Ok(())
    }

    fn ticks(&mut self, now: Millis, visitor: Visitor, lease: String, until: u64) -> Result<()> {
        if now.0 >= until {
            return self.gives_back(&lease);
        }
        let (tick, seconds) = (self.pattern.tick, vec![Quantity::new("seconds", self.pattern.tick)]);
        self.book.asked("video", self.price(&self.house.video, &seconds, now)?);
        let asked = Reservation { continues: Some(lease.clone()), ..self.asked("video", visitor, seconds, 2 * tick) };
        match reserve(self.store, now, &self.fresh(), &asked) {
            Ok(granted) => {
                self.book.granted("video", granted.rung, now);
                self.later(now.0 + tick * SECOND, Event::TickEnds { permit: granted.id });
                self.later(now.0 + tick * SECOND, Event::Ticks { visitor, lease, until });
                Ok(())
            }
            // Its picture ends here, and so does its place.
            Err(denial) => {
                self.denied("video", denial, now)?;
                self.gives_back(&lease)
            }
        }
    }
}

fn name(visitor: Visitor) -> String {
    format!("ses_{visitor}")
}
