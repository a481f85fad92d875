//! Looking again, where things are written while they are read: only what differs in every look is a difference.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use reconcile::{Finding, Report, Severity};

/// Looks, at most.
const LOOKS: usize = 6;
/// Between two looks; grows by as much each time.
const PAUSE: Duration = Duration::from_millis(150);

/// Between two looks at an entry that was begun long ago: it may be settled only now, and the sequencer comes by soon.
const LONG_PAUSE: Duration = Duration::from_secs(8);

/// Nothing that is written meanwhile explains these: once seen, they stay, also where a later look is shown other things.
const FOR_GOOD: [&str; 5] = ["log_shrunk", "log_rewritten", "checkpoint_signature", "log_key", "log_other"];

/// What is only wrong if it was read at one moment.
const OF_A_MOMENT: [&str; 12] = [
    "sequencer_state",
    "sequencer_ticket",
    "sums",
    "sums_end",
    "list",
    "tenant_count",
    "index",
    "beyond_the_end",
    "gap",
    "tile_missing",
    "checkpoint_missing",
    "checkpoint_size",
];

/// How things are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Answers of a gate, each of which is of one moment.
    Answers,
    /// Key by key: what belongs together is of different moments.
    InPieces,
}

/// One look.
pub struct Look {
    pub report: Report,
    /// Places whose counters changed while the rest was read.
    pub moving: BTreeSet<String>,
}

const WRITTEN: &str = " (It was being written in every look: look again when there is less traffic.)";

/// Looks until nothing differs any more, or often enough. What is left is in the last look's report.
pub fn until_it_stays(reading: Reading, mut look: impl FnMut() -> Result<Look>) -> Result<Report> {
    let mut last = look()?;
    let mut stays = differences(&last.report);
    let mut always_moving = last.moving.clone();
    let mut for_good = BTreeSet::new();
    let mut before = BTreeSet::new();
    keep(&last.report, &mut for_good);
    for turn in 1..LOOKS {
        if stays.is_empty() {
            break;
        }
        sleep(pause(turn, &stays));
        before = last.report.findings.into_iter().collect();
        last = look()?;
        keep(&last.report, &mut for_good);
        stays = &stays & &differences(&last.report);
        always_moving = &always_moving & &last.moving;
    }
    for finding in &mut last.report.findings {
        if finding.severity != Severity::Difference || FOR_GOOD.contains(&finding.what) {
            continue;
        }
        if !stays.contains(&(finding.what, finding.place.clone())) {
            finding.severity = Severity::Note;
            finding.sentence.push_str(" (Seen once, while it was being written.)");
        } else if always_moving.contains(&finding.place) {
            finding.severity = Severity::Waiting;
            finding.sentence.push_str(WRITTEN);
        } else if reading == Reading::InPieces && OF_A_MOMENT.contains(&finding.what) && !before.contains(finding) {
            // It says something else than in the look before: somebody is writing there.
            finding.severity = Severity::Waiting;
            finding.sentence.push_str(WRITTEN);
        }
    }
    last.report.findings.extend(for_good);
    last.report.findings.sort();
    last.report.findings.dedup();
    Ok(last.report)
}

fn pause(turn: usize, stays: &BTreeSet<(&'static str, String)>) -> Duration {
    // What else stays differs after a short while as well.
    if stays.iter().all(|(what, _)| *what == "never_sealed") {
        return LONG_PAUSE;
    }
    PAUSE.saturating_mul(u32::try_from(turn).unwrap_or(u32::MAX))
}

fn keep(report: &Report, for_good: &mut BTreeSet<Finding>) {
    for_good.extend(report.of(Severity::Difference).filter(|finding| FOR_GOOD.contains(&finding.what)).cloned());
}

fn differences(report: &Report) -> BTreeSet<(&'static str, String)> {
    report.of(Severity::Difference).map(|finding| (finding.what, finding.place.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(places: &[&str], moving: &[&str]) -> Look {
        let finding = |place: &&str| Finding {
            severity: Severity::Difference,
            what: "counter_above",
            place: (*place).into(),
            expected: None,
            found: None,
            sentence: format!("{place} differs."),
        };
        let report = Report { findings: places.iter().map(finding).collect(), ..Report::default() };
        Look { report, moving: moving.iter().map(|place| (*place).to_owned()).collect() }
    }

    #[test]
    fn only_what_differs_in_every_look_is_a_difference() {
        let check = |looks: &[(&[&str], &[&str])], found: &[(Severity, &str)], looked: usize| {
            let mut turn = 0;
            let report = until_it_stays(Reading::Answers, || {
                let (places, moving) = looks[turn.min(looks.len() - 1)];
                turn += 1;
                Ok(look(places, moving))
            })
            .unwrap();
            let kinds: Vec<_> = report.findings.iter().map(|finding| (finding.severity, &*finding.place)).collect();
            assert_eq!((kinds.as_slice(), turn), (found, looked));
        };
        check(&[(&[], &[])], &[], 1);
        check(&[(&["a"], &[]), (&[], &[])], &[], 2);
        check(&[(&["a"], &[])], &[(Severity::Difference, "a")], LOOKS);
        check(&[(&["a"], &[]), (&["b"], &[])], &[(Severity::Note, "b")], 2);
        check(&[(&["a", "b"], &[]), (&["b"], &[])], &[(Severity::Difference, "b")], LOOKS);
        check(&[(&["a"], &["a"])], &[(Severity::Waiting, "a")], LOOKS);
        check(&[(&["a"], &["a"]), (&["a"], &[])], &[(Severity::Difference, "a")], LOOKS);
    }

    /// Looks that find these, each a kind and a sentence.
    /// What one look finds: kinds and sentences.
    type Found<'a> = &'a [(&'static str, &'a str)];

    fn told(reading: Reading, looks: &[Found<'_>]) -> Vec<(Severity, &'static str)> {
        let mut turn = 0;
        let report = until_it_stays(reading, || {
            let findings = looks[turn.min(looks.len() - 1)];
            turn += 1;
            let finding = |(what, sentence): &(&'static str, &str)| Finding {
                severity: Severity::Difference,
                what,
                place: "here".into(),
                expected: None,
                found: None,
                sentence: (*sentence).into(),
            };
            let report = Report { findings: findings.iter().map(finding).collect(), ..Report::default() };
            Ok(Look { report, moving: BTreeSet::new() })
        });
        report.unwrap().findings.iter().map(|finding| (finding.severity, finding.what)).collect()
    }

    #[test]
    fn a_log_that_was_another_in_one_look_stays_one() {
        for what in FOR_GOOD {
            let once: &[Found<'_>] = &[&[(what, "a")], &[]];
            assert_eq!(told(Reading::Answers, once), [(Severity::Difference, what)]);
            let pieces: &[Found<'_>] = &[&[("sums", "a")], &[(what, "a"), ("sums", "a")], &[]];
            assert_eq!(told(Reading::InPieces, pieces).len(), 1);
        }
    }

    #[test]
    fn what_is_read_in_pieces_differs_only_if_it_says_the_same_again() {
        let same: &[Found<'_>] = &[&[("sums", "a")]];
        let other: &[Found<'_>] = &[
            &[("sums", "1")],
            &[("sums", "2")],
            &[("sums", "3")],
            &[("sums", "4")],
            &[("sums", "5")],
            &[("sums", "6")],
        ];
        assert_eq!(told(Reading::InPieces, same), [(Severity::Difference, "sums")]);
        assert_eq!(told(Reading::InPieces, other), [(Severity::Waiting, "sums")]);
        assert_eq!(told(Reading::Answers, other), [(Severity::Difference, "sums")]);
    }
}
