//! LIM-1, LIM-3, LIM-6: ten thousand requests of mixed size against the caps of a company, its tenants and their
//! sessions at once. No cap is passed at any moment, nobody is denied without need, and nothing is left over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scenarios::amounts::SECOND;
use scenarios::random::{Seeded, seed};
use scenarios::tenant::{merge, permit_path, seconds};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, eventually, json, unique, usd};

use crate::ledger::{Asked, Ledger};
use crate::machine;

const REQUESTS: u64 = 10_000;
const CONNECTIONS: usize = 64;
/// Seconds in one request, at most.
const LARGEST: u64 = 60;
const SESSIONS: usize = 4;
/// Caps in seconds. Each tenant would want fifty thousand; the last one meets the company's cap before its own.
const TENANT_CAPS: [i64; 3] = [12_000, 16_000, 30_000];
const COMPANY_CAP: i64 = 45_000;
const SESSION_CAP: i64 = 1_500;
/// What is abandoned is charged after so long.
const ABANDONED_S: u64 = 2;
/// The reaper's turn comes every second; a busy machine takes longer.
const QUIET_WITHIN: Duration = Duration::from_secs(30);

struct Storm {
    gate: Gate,
    company_id: String,
    company: Ledger,
    tenants: Vec<Payer>,
    asked: AtomicU64,
    over: AtomicBool,
}

struct Payer {
    tenant: Tenant,
    server: Caller,
    ledger: Ledger,
    sessions: Vec<(String, Ledger)>,
}

impl Storm {
    fn prepare() -> Self {
        let (gate, company_id) = (Gate::start(), unique("company-"));
        let limits = json!({"limits": {"monthly_cost_usd": usd(COMPANY_CAP * SECOND)}});
        gate.admin().put(&format!("/v1/companies/{company_id}"), &limits).done();
        let tenants = TENANT_CAPS.map(|cap| Payer::new(&gate, &company_id, cap)).into();
        let company = Ledger::new("company", COMPANY_CAP * SECOND);
        Self { gate, company_id, company, tenants, asked: AtomicU64::new(0), over: AtomicBool::new(false) }
    }

    /// One caller of many.
    fn work(&self, random: &mut Seeded) {
        while self.asked.fetch_add(1, Ordering::Relaxed) < REQUESTS {
            let payer = &self.tenants[random.below(3) as usize];
            let session = payer.sessions.get(random.below(2 * SESSIONS as u64) as usize);
            let ledgers: Vec<&Ledger> =
                session.iter().map(|(_, ledger)| ledger).chain([&payer.ledger, &self.company]).collect();
            let id = session.map(|(id, _)| id.as_str());
            one_request(&payer.server, &ledgers, id, random);
        }
    }

    /// Looks at the usage as its owners see it, over and over; gives how often.
    fn watch(&self) -> u64 {
        let mut looks = 0;
        while !self.over.load(Ordering::Relaxed) {
            for payer in &self.tenants {
                let usage = Books(&payer.server).usage();
                for (money, ledger) in [(usage.tenant, &payer.ledger), (usage.company, &self.company)] {
                    let allowed = ledger.allowed();
                    assert!(money.settled + money.held <= allowed, "{money:?}, {allowed} allowed");
                }
                looks += 1;
            }
            thread::sleep(Duration::from_millis(20));
        }
        looks
    }

    /// Nothing is held any more, and what is settled is what the callers know of.
    fn assert_quiet(&self) {
        for payer in &self.tenants {
            let books = Books(&payer.server);
            let quiet = || Some(books.usage()).filter(|usage| usage.open == 0 && usage.tenant.held == 0);
            let usage = eventually("everything to be settled or freed", QUIET_WITHIN, quiet);
            assert_eq!(usage.tenant.settled, payer.ledger.known(), "{}", payer.ledger.summary());
        }
        let company = Books(&self.tenants[0].server).usage().company;
        assert_eq!((company.settled, company.held), (self.company.known(), 0), "{}", self.company.summary());
    }

    /// What is left is left to the unit: all of it passes, and a unit more is denied. First under all caps together, then
    /// under the tenants' without the company's, then under the sessions' alone.
    fn assert_nothing_leaked(&self) {
        let admin = self.gate.admin();
        for payer in &self.tenants {
            let limits = [(&payer.ledger, "monthly_cap"), (&self.company, "company_monthly_cap")];
            assert_left(&payer.server, None, &limits);
        }
        admin.put(&format!("/v1/companies/{}", self.company_id), &json!({"limits": {}})).done();
        for payer in &self.tenants {
            assert_left(&payer.server, None, &[(&payer.ledger, "monthly_cap")]);
            let uncapped = json!({"limits": {"monthly_cost_usd": null}});
            admin.patch(&format!("/v1/tenants/{}", payer.tenant.id), &uncapped).expect(200);
            for (session, ledger) in &payer.sessions {
                assert_left(&payer.server, Some(session), &[(ledger, "session_cap")]);
            }
        }
    }
}

impl Payer {
    fn new(gate: &Gate, company: &str, cap: i64) -> Self {
        let limits = json!({
            "monthly_cost_usd": usd(cap * SECOND), "session_cost_usd": usd(SESSION_CAP * SECOND), "burst": 1_000_000,
        });
        let tenant = Tenant::new(gate, json!({"company": company, "limits": limits}));
        let session = |_| (tenant.page().id, Ledger::new("session", SESSION_CAP * SECOND));
        let (server, sessions) = (tenant.server(), (0..SESSIONS).map(session).collect());
        Self { tenant, server, ledger: Ledger::new("tenant", cap * SECOND), sessions }
    }
}

/// Asks, and resolves what was granted in one of the ways there are.
fn one_request(server: &Caller, ledgers: &[&Ledger], session: Option<&str>, random: &mut Seeded) {
    let units = 1 + random.below(LARGEST) as i64;
    let end = End::draw(units, random);
    let hold_s = if end == End::Abandoned { ABANDONED_S } else { 600 };
    let asked: Vec<Asked> = ledgers.iter().map(|ledger| ledger.ask(units * SECOND)).collect();
    let answer = reserve(server, units, session, hold_s);
    let all = ledgers.iter().zip(asked);
    if answer.status != 200 {
        let code = answer.refused(402, "hard_cap")["code"].clone();
        let full = match code.as_str() {
            Some("company_monthly_cap") => ledgers.len() - 1,
            Some("monthly_cap") => ledgers.len() - 2,
            Some("session_cap") if session.is_some() => 0,
            _ => panic!("{code} is none of the caps here"),
        };
        all.enumerate().for_each(|(i, (ledger, asked))| {
            if i == full {
                ledger.denied(asked);
            }
            ledger.undone(asked);
        });
        return;
    }
    all.for_each(|(ledger, asked)| ledger.granted(asked));
    end.apply(server, &id(&answer), units, ledgers);
}

/// What becomes of a permit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Settled(i64),
    Released,
    Abandoned,
}

impl End {
    fn draw(units: i64, random: &mut Seeded) -> Self {
        match random.below(100) {
            0..25 => Self::Settled(units),
            25..55 => Self::Settled(random.below(units as u64 + 1) as i64),
            55..60 => Self::Settled(units + 1 + random.below(5) as i64),
            60..95 => Self::Released,
            _ => Self::Abandoned,
        }
    }

    fn apply(self, server: &Caller, id: &str, units: i64, ledgers: &[&Ledger]) {
        let used = match self {
            Self::Settled(used) => used,
            Self::Released => 0,
            // The reaper charges all of it.
            Self::Abandoned => return,
        };
        let (back, more) = ((units - used).max(0) * SECOND, (used - units).max(0) * SECOND);
        for ledger in ledgers {
            ledger.giving_back(back);
            ledger.overrunning(more);
        }
        if self == Self::Released {
            server.delete(&permit_path(id)).expect(204);
        } else {
            let path = format!("{}/settle", permit_path(id));
            server.post(&path, &json!({"units": used, "unit_type": "seconds"})).expect(200);
        }
        for ledger in ledgers {
            ledger.given_back(back);
            ledger.overrun(more);
        }
    }
}

fn reserve(server: &Caller, units: i64, session: Option<&str>, hold_s: u64) -> Answer {
    let mut body = seconds(units as u64);
    merge(&mut body, json!({"hold_s": hold_s, "session_id": session}));
    server.post("/v1/preflight", &body)
}

fn id(answer: &Answer) -> String {
    let permit: Value = answer.expect(200);
    permit["limit_check_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned()
}

/// Exactly what is left under the tightest of the caps passes.
#[track_caller]
fn assert_left(server: &Caller, session: Option<&str>, caps: &[(&Ledger, &str)]) {
    let left = caps.iter().map(|(ledger, _)| ledger.left()).min().expect("a cap") / SECOND;
    let tightest: Vec<&str> = caps.iter().filter(|(l, _)| l.left() / SECOND == left).map(|(_, code)| *code).collect();
    let error = reserve(server, left + 1, session, 60).refused(402, "hard_cap");
    assert!(tightest.iter().any(|code| error["code"] == *code), "{error} where {tightest:?} has {left} left");
    if left > 0 {
        let permit = id(&reserve(server, left, session, 60));
        reserve(server, 1, session, 60).refused(402, "hard_cap");
        server.delete(&permit_path(&permit)).expect(204);
    }
}

#[test]
fn lim_3_a_storm_of_ten_thousand_ends_within_every_cap() {
    let _machine = machine();
    let seed = seed("storm");
    let mut storm = Storm::prepare();
    let began = Instant::now();
    let looks = thread::scope(|scope| {
        let watcher = scope.spawn(|| storm.watch());
        let done =
            scope.spawn(|| at_once(CONNECTIONS, |number| storm.work(&mut Seeded::new(seed, number as u64)))).join();
        storm.over.store(true, Ordering::Relaxed);
        done.expect("a caller of the storm failed");
        watcher.join().expect("a cap was passed")
    });
    let took = began.elapsed();
    storm.assert_quiet();
    println!("{REQUESTS} requests in {took:?}, {looks} looks\n{}", storm.company.summary());
    assert!(looks > 30, "{looks} looks");
    let mut denials = [storm.company.denials(), 0, 0];
    for payer in &storm.tenants {
        println!("{}", payer.ledger.summary());
        denials[1] += payer.ledger.denials();
        for (_, ledger) in &payer.sessions {
            println!("  {}", ledger.summary());
            denials[2] += ledger.denials();
        }
    }
    assert!(denials.iter().all(|count| *count > 0), "each kind of cap was reached: {denials:?}");
    storm.gate.verify();
    storm.assert_nothing_leaked();
    storm.gate.stop_and_verify();
}
