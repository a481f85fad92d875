//! What callers do, from beginning to end: as the gate's components do it, over one store handle per call of a component.

use std::sync::LazyLock;

use calendar::{MINUTE, SECOND};
use kv_schemas::expiry;
use limits::{Amount, Correction, Denial, Fault, Granted, Holder, Permit, Reservation, Used};
use money::{Nanos, Quantity};

use crate::{quiet::entry, task::Seat};

/// Signs the log's checkpoints.
static SIGNER: LazyLock<audit::Signer> = LazyLock::new(|| audit::Signer::new("log.example/test", [7; 32]).unwrap());

/// Who calls, and for how much.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant: String,
    pub session: Option<String>,
    pub holder: Holder,
    pub key: Option<String>,
}

fn reservation(caller: &Caller, worst_case: Vec<Quantity>, ttl_ms: u64) -> Reservation {
    let speaks = worst_case.iter().any(|quantity| quantity.unit_type.ends_with("_tokens"));
    Reservation {
        tenant: caller.tenant.clone(),
        session: caller.session.clone(),
        credential: format!("key_{}", caller.tenant),
        server: caller.holder == Holder::Server,
        holder: caller.holder,
        capability: if speaks { "chat".into() } else { "video".into() },
        provider: "v".into(),
        model: String::new(),
        channel: String::new(),
        request_id: "req".into(),
        worst_case,
        ttl_ms,
        idempotency_key: caller.key.clone(),
        continues: None,
        counted: caller.holder == Holder::Gate,
        ticket: None,
    }
}

/// Seconds of video, or tokens of chat.
fn some_units(seat: &Seat<'_>) -> Vec<Quantity> {
    seat.random(|rng| {
        if rng.once_in(2) {
            return vec![Quantity::new("seconds", rng.between(1, 30))];
        }
        vec![Quantity::new("input_tokens", rng.between(1, 400)), Quantity::new("output_tokens", rng.between(1, 800))]
    })
}

/// What the vendor says was used: mostly less than was reserved, now and then more.
fn some_use(seat: &Seat<'_>, reserved: &[Quantity]) -> Used {
    seat.random(|rng| {
        if rng.once_in(20) {
            return Used::Unknown;
        }
        let overrun = rng.once_in(25);
        let used = |quantity: &Quantity| {
            let most = if overrun { quantity.units * 2 } else { quantity.units };
            Quantity::new(&quantity.unit_type, rng.between(0, most))
        };
        let quantities = reserved.iter().map(used).collect();
        Used::Actual(quantities)
    })
}

/// Reserves, waiting in the queue as long as it is told to.
fn reserve(seat: &Seat<'_>, asked: &Reservation) -> Result<Granted, Denial> {
    let mut asked = asked.clone();
    loop {
        let id = seat.random(|rng| format!("lc_{:016x}", rng.draw()));
        let denial = match limits::reserve(&seat.store(), seat.now(), &id, &asked) {
            Ok(granted) => return Ok(granted),
            Err(denial) => denial,
        };
        let Some(ticket) = denial.ticket else { return Err(denial) };
        asked.ticket = Some(ticket);
        seat.sleep(denial.retry_after_ms.unwrap_or(50));
    }
}

/// Charge, log, close.
pub fn settle(seat: &Seat<'_>, id: &str, used: &Used) -> Result<(), Fault> {
    let permit = limits::charge(&seat.store(), id, used)?;
    log(seat, &permit)
}

fn log(seat: &Seat<'_>, permit: &Permit) -> Result<(), Fault> {
    let Some((charge, stage)) = permit.decision() else { return Ok(()) };
    let stage = match stage {
        Some(stage) => stage,
        None => audit::append(&seat.store(), &entry(permit, charge).into())?,
    };
    limits::close(&seat.store(), &permit.id, stage)
}

/// The operator puts right what a call has cost, now and then by more than that; with a key it asks again when it has no
/// answer.
fn correct(seat: &Seat<'_>, corrects: &str) {
    let Ok(Some(item)) = audit::find(&seat.store(), corrects) else { return };
    let most = item.entry.cost_nanos.0.unsigned_abs() + item.entry.cost_nanos.0.unsigned_abs() / 4 + 1;
    let amount = seat.random(|rng| rng.between(1, most)) as i64;
    let cost = Nanos(if seat.random(|rng| rng.once_in(3)) { amount } else { -amount });
    let amount = if seat.random(|rng| rng.once_in(3)) {
        // Of the kind that the log names; where it names none of the permit's own, it is refused.
        let kind = if item.entry.unit_type == "tokens" { "output_tokens" } else { &item.entry.unit_type };
        Amount::Usage(vec![Quantity::new(kind, seat.random(|rng| rng.between(0, item.entry.units_consumed * 2)))])
    } else {
        Amount::Cost(cost)
    };
    let asked = Correction { corrects: corrects.into(), amount, reason: "a credit".into() };
    let key = seat.random(|rng| rng.once_in(2).then(|| format!("{:016x}", rng.draw())));
    for _ in 0..if key.is_some() { 3 } else { 1 } {
        let id = seat.random(|rng| format!("lc_{:016x}", rng.draw()));
        let made = limits::correct(&seat.store(), seat.now(), &id, &asked, "req", key.as_deref());
        if !matches!(made.and_then(|permit| permit.map_or(Ok(()), |permit| log(seat, &permit))), Err(Fault::Store(_))) {
            break;
        }
        seat.sleep(seat.random(|rng| rng.between(100, 40_000)));
    }
}

/// A call to a vendor, from the permit to the settlement; or whatever else becomes of it.
pub fn call(seat: &Seat<'_>, caller: &Caller) {
    let units = some_units(seat);
    let ttl = seat.random(|rng| if rng.once_in(50) { 60 * MINUTE } else { rng.between(20, 120) * SECOND });
    let asked = reservation(caller, units.clone(), ttl);
    let mut granted = reserve(seat, &asked);
    // With a key, whoever has no answer asks again.
    for _ in 0..3 {
        let again = granted.as_ref().err().is_some_and(|denial| ["offline", "in_progress"].contains(&&*denial.code));
        if caller.key.is_none() || !again {
            break;
        }
        seat.sleep(seat.random(|rng| rng.between(100, 40_000)));
        granted = reserve(seat, &asked);
    }
    let Ok(granted) = granted else { return };
    // Mostly quick; sometimes longer than the permit is held.
    seat.sleep(seat.random(|rng| if rng.once_in(30) { rng.between(1, 300) * SECOND } else { rng.between(50, 20_000) }));
    match seat.random(|rng| rng.below(20)) {
        0 => {}
        1 | 2 => drop(limits::release(&seat.store(), &granted.id)),
        3 => {
            let _ = settle(seat, &granted.id, &some_use(seat, &units));
            let _ = settle(seat, &granted.id, &some_use(seat, &units));
            let _ = limits::release(&seat.store(), &granted.id);
        }
        _ => {
            let used = some_use(seat, &units);
            if settle(seat, &granted.id, &used).is_err() && seat.random(|rng| rng.once_in(2)) {
                seat.sleep(seat.random(|rng| rng.between(10, 60_000)));
                let _ = settle(seat, &granted.id, &used);
            }
        }
    }
    while seat.random(|rng| rng.once_in(6)) {
        seat.sleep(seat.random(|rng| rng.between(10, 600_000)));
        correct(seat, &granted.id);
    }
}

/// A live session: a lease on a place, and a tick every fifteen seconds.
pub fn live(seat: &Seat<'_>, caller: &Caller) {
    let caller = Caller { key: None, holder: Holder::Gate, ..caller.clone() };
    let Ok(lease) = reserve(seat, &reservation(&caller, vec![], 45 * SECOND)) else { return };
    let ticks = seat.random(|rng| rng.between(0, 30));
    let mut paid = None;
    for _ in 0..ticks {
        let tick = Reservation {
            continues: Some(lease.id.clone()),
            ..reservation(&caller, vec![Quantity::new("seconds", 15)], 40 * SECOND)
        };
        let next = reserve(seat, &tick);
        if let Some(id) = paid.replace(next.as_ref().ok().map(|granted| granted.id.clone())).flatten() {
            let _ = settle(seat, &id, &Used::Actual(vec![Quantity::new("seconds", 15)]));
        }
        if next.is_err() {
            break;
        }
        seat.sleep(15 * SECOND);
        // The page is gone: nobody ends anything.
        if seat.random(|rng| rng.once_in(100)) {
            return;
        }
    }
    if let Some(id) = paid.flatten() {
        let _ = settle(seat, &id, &Used::Unknown);
    }
    let _ = limits::release(&seat.store(), &lease.id);
}

/// One run of maintenance.
pub fn maintain(seat: &Seat<'_>) {
    let now = seat.now();
    let _ = expiry::sweep(&seat.store(), now.hour_number());
    for _ in 0..8 {
        let Ok(reaped) = limits::reap(&seat.reaper_store(), seat.now(), 50) else { break };
        for id in &reaped.overdue {
            let _ = settle(seat, id, &Used::Unknown);
        }
        if !reaped.more {
            break;
        }
    }
    let _ = audit::sequence(&seat.store(), seat.now(), 200, &SIGNER);
}
