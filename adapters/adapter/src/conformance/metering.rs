//! Rules for meters fed with recorded answers, whole and cut.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Ending, Recording, shown};
use crate::{Adapter, Call, Quantity, Unit, Usage, units_of};

/// What became of an answer that was fed to a meter.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub passed_on: Vec<u8>,
    pub error: Option<String>,
    pub usage: Usage,
}

/// Feeds `chunks` to a fresh meter until it fails or the answer ends.
pub fn feed<'a>(
    adapter: &dyn Adapter,
    recording: &Recording,
    call: &Call,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut meter = adapter.meter(&recording.operation, &recording.head, &call.worst_case);
    let mut passed_on = Vec::new();
    for chunk in chunks {
        match meter.push(chunk) {
            Ok(bytes) => passed_on.extend(bytes),
            Err(error) => {
                return Outcome { passed_on, error: Some(error), usage: meter.usage() };
            }
        }
    }
    let error = match meter.end() {
        Ok(bytes) => {
            passed_on.extend(bytes);
            None
        }
        Err(error) => Some(error),
    };
    let usage = meter.usage();
    assert_eq!(meter.usage(), usage, "{}: asking for usage changes nothing", recording.name);
    Outcome { passed_on, error, usage }
}

/// The whole answer gives the recorded usage, and the worst case was not too low.
pub fn whole_answer_is_metered(adapter: &dyn Adapter, recording: &Recording, call: &Call) {
    let name = recording.name;
    let outcome = feed(adapter, recording, call, [&recording.body[..]]);
    assert_eq!(outcome.usage, recording.usage, "{name}: usage of the whole answer");
    assert!(
        within(&outcome.usage, &call.worst_case),
        "{name}: {:?} above worst case {:?}",
        outcome.usage,
        call.worst_case
    );
    match (recording.ending, &outcome.error) {
        (Ending::Complete, Some(error)) => panic!("{name}: must be passed on, but {error}"),
        (Ending::Faulty, None) => panic!("{name}: must be found at fault, but passed {}", shown(&outcome.passed_on)),
        _ => {}
    }
}

/// Two pieces at every boundary, and single bytes, give what one piece gives.
pub fn boundaries_make_no_difference(adapter: &dyn Adapter, recording: &Recording, call: &Call) {
    let (name, body) = (recording.name, &recording.body);
    let whole = feed(adapter, recording, call, [&body[..]]);
    let same = |outcome: Outcome, how: &dyn core::fmt::Display| {
        assert_eq!(outcome.error.is_some(), whole.error.is_some(), "{name}, {how}: ends alike");
        // What a failing meter held back depends on the boundary; what it charges doesn't.
        if whole.error.is_none() {
            assert_eq!(shown(&outcome.passed_on), shown(&whole.passed_on), "{name}, {how}: passed on alike");
        }
        assert_eq!(outcome.usage, whole.usage, "{name}, {how}: charged alike");
    };
    for cut in 0..=body.len() {
        let (left, right) = body.split_at(cut);
        same(feed(adapter, recording, call, [left, right]), &format_args!("in two at {cut}"));
    }
    same(feed(adapter, recording, call, body.chunks(1)), &"byte by byte");
    same(feed(adapter, recording, call, body.chunks(7)), &"in sevens");
}

/// The vendor is gone after any byte: no panic, nothing invented, and never more than the worst case is charged.
pub fn cut_anywhere_stays_within_worst_case(adapter: &dyn Adapter, recording: &Recording, call: &Call) {
    let (name, body) = (recording.name, &recording.body);
    let whole = feed(adapter, recording, call, [&body[..]]);
    for cut in 0..body.len() {
        let (left, right) = body.split_at(cut);
        let outcome = feed(adapter, recording, call, [left]);
        assert!(within(&outcome.usage, &call.worst_case), "{name}, cut at {cut}: {:?} above worst case", outcome.usage);
        if whole.error.is_none() {
            assert!(whole.passed_on.starts_with(&outcome.passed_on), "{name}, cut at {cut}: passed on what never came");
        }
        // The page leaves: no end, only a question for what has been consumed.
        let mut meter = adapter.meter(&recording.operation, &recording.head, &call.worst_case);
        let _ = meter.push(left);
        assert!(
            within(&meter.usage(), &call.worst_case),
            "{name}, left at {cut}: {:?} above worst case",
            meter.usage()
        );
        // A proxy that goes on after the end must not bring the instance down.
        let _ = meter.end();
        let _ = meter.push(right);
        let _ = meter.end();
        assert!(within(&meter.usage(), &call.worst_case), "{name}, on after the end at {cut}: above worst case");
    }
}

/// Whether `usage` fits into `worst_case`, unit by unit; cached input takes the place of input.
pub fn within(usage: &Usage, worst_case: &[Quantity]) -> bool {
    let Some(list) = usage.quantities() else {
        return true;
    };
    let input =
        |list: &[Quantity]| units_of(list, Unit::InputTokens).saturating_add(units_of(list, Unit::CachedInputTokens));
    Unit::ALL.into_iter().all(|unit| match unit {
        Unit::InputTokens | Unit::CachedInputTokens => input(list) <= input(worst_case),
        _ => units_of(list, unit) <= units_of(worst_case, unit),
    })
}
