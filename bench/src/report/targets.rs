//! The numbers that were promised, and whether this run has them.

use serde::{Deserialize, Serialize};

use super::record::{Row, Unit};
use crate::cases::{latency, memory, preflight, start, streaming, throughput};
use crate::rig::contestant::{BARE, RELAXED, STRICT};

/// One promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub what: String,
    pub limit: f64,
    pub found: f64,
    pub unit: Unit,
    pub met: bool,
}

/// Judges what was measured; what was not is not judged.
pub fn judge(rows: &[Row]) -> Vec<Target> {
    let found = Found(rows);
    let one = "1 connection";
    let (open, closed) = (latency::OPEN, latency::CLOSED);
    let flush = found.median(latency::FLUSH, "1 append", "device", "p50");
    let mut judged = vec![
        at_most("added latency p50, 1 connection, relaxed", 300.0, found.added(open, one, RELAXED, "p50")),
        at_most("added latency p99, 1 connection, relaxed", 1_000.0, found.added(open, one, RELAXED, "p99")),
        at_most("the same one call after the other, p50", 300.0, found.added(closed, one, RELAXED, "p50")),
        at_most(
            "strict: added over relaxed p50, at most one flush",
            flush.unwrap_or_default(),
            flush.and(found.difference(open, one, STRICT, RELAXED, "p50")),
        ),
        at_most(
            "added time to first byte p50, relaxed",
            350.0,
            found.added(streaming::CASE, streaming::SIZE, RELAXED, "p50"),
        ),
        at_most(
            "strict: added over relaxed to the first byte p50, at most one flush",
            flush.unwrap_or_default(),
            flush.and(found.difference(streaming::CASE, streaming::SIZE, STRICT, RELAXED, "p50")),
        ),
    ];
    let ours = found.median(throughput::CASE, throughput::SIZE, RELAXED, throughput::WHAT);
    let of = |contestant: &str| found.median(throughput::CASE, throughput::SIZE, contestant, throughput::WHAT);
    for (contestant, factor, words) in [
        (BARE, 1.0 / 6.0, "a sixth of the bare proxy"),
        ("litellm-rs", 1.0, "as many as litellm-rs"),
        ("portkey", 5.0, "five times Portkey"),
        ("litellm", 25.0, "25 times LiteLLM"),
    ] {
        let limit = of(contestant).map(|theirs| theirs * factor);
        judged.push(at_least(
            &format!("chat calls at 32 connections, relaxed: {words}"),
            limit.unwrap_or_default(),
            limit.and(ours),
        ));
    }
    let decisions = |contestant| found.median(preflight::CASE, "64 connections", contestant, preflight::WHAT);
    judged.push(at_least("pre-flight decisions at 64 connections, relaxed", 8_000.0, decisions(RELAXED)));
    judged.push(at_least("pre-flight decisions at 64 connections, strict", 4_000.0, decisions(STRICT)));
    let made = found.median(start::INSTANTIATE, start::PROXY, RELAXED, start::MADE);
    judged.push(at_most("an instance of the proxy and its parts", 60.0, made));
    let started = found.median(start::CASE, start::WITH_CACHE, RELAXED, start::FIRST_ANSWER);
    judged.push(Target { unit: Unit::Milliseconds, ..at_most("start to first answer with cache", 300.0, started) });
    let stream = found.median(memory::CASE, memory::SIZE, RELAXED, memory::EACH);
    judged.push(Target { unit: Unit::Kibibytes, ..at_most("memory of one open stream of 1,000", 256.0, stream) });
    judged.retain(|target| !target.found.is_nan());
    judged
}

fn at_most(what: &str, limit: f64, found: Option<f64>) -> Target {
    let found = found.unwrap_or(f64::NAN);
    Target { what: what.to_owned(), limit, found, unit: Unit::Microseconds, met: found <= limit }
}

fn at_least(what: &str, limit: f64, found: Option<f64>) -> Target {
    let found = found.unwrap_or(f64::NAN);
    Target { what: what.to_owned(), limit, found, unit: Unit::PerSecond, met: found >= limit }
}

/// The rows, to be looked up.
struct Found<'a>(&'a [Row]);

impl Found<'_> {
    fn row(&self, case: &str, size: &str, contestant: &str, what: &str) -> Option<&Row> {
        self.0.iter().find(|row| {
            let measure = &row.measure;
            (&*measure.case, &*measure.size, &*measure.contestant, &*measure.what) == (case, size, contestant, what)
        })
    }

    fn median(&self, case: &str, size: &str, contestant: &str, what: &str) -> Option<f64> {
        self.row(case, size, contestant, what)?.median
    }

    fn added(&self, case: &str, size: &str, contestant: &str, what: &str) -> Option<f64> {
        self.row(case, size, contestant, what)?.minus_direct
    }

    fn difference(&self, case: &str, size: &str, more: &str, less: &str, what: &str) -> Option<f64> {
        Some(self.added(case, size, more, what)? - self.added(case, size, less, what)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Measure, Record};
    use crate::rig::contestant::DIRECT;

    #[test]
    fn what_was_measured_is_judged() {
        let check = |rows: &[(&str, &str, &str, &str, f64)], expected: &[(f64, bool)]| {
            let mut record = Record::default();
            for (case, size, contestant, what, value) in rows {
                record.add(&Measure::new(case, size, contestant, what, Unit::Microseconds), *value);
            }
            let judged: Vec<_> = judge(&record.rows()).iter().map(|target| (target.found, target.met)).collect();
            assert_eq!(judged, expected, "{rows:?}");
        };
        let latency = |contestant, value| (latency::OPEN, "1 connection", contestant, "p50", value);
        let calls = |contestant, value| (throughput::CASE, throughput::SIZE, contestant, throughput::WHAT, value);
        check(&[], &[]);
        check(&[latency(DIRECT, 50.0), latency(RELAXED, 350.0)], &[(300.0, true)]);
        check(&[latency(DIRECT, 50.0), latency(RELAXED, 351.0)], &[(301.0, false)]);
        check(&[latency(RELAXED, 1.0)], &[]);
        let flush = (latency::FLUSH, "1 append", "device", "p50", 100.0);
        let both = [latency(DIRECT, 50.0), latency(RELAXED, 150.0), latency(STRICT, 240.0), flush];
        check(&both, &[(100.0, true), (90.0, true)]);
        check(&[calls(RELAXED, 1_000.0), calls(BARE, 6_001.0)], &[(1_000.0, false)]);
        check(&[calls(RELAXED, 1_000.0), calls("portkey", 200.0)], &[(1_000.0, true)]);
    }
}
