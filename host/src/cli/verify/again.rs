//! Looking again, where things are written while they are read: only what differs in every look is a difference.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use reconcile::{Report, Severity};

/// Looks, at most.
const LOOKS: usize = 6;
/// Between two looks; grows by as much each time.
const PAUSE: Duration = Duration::from_millis(150);

/// One look.
pub struct Look {
    pub report: Report,
    /// Places whose counters changed while the rest was read.
    pub moving: BTreeSet<String>,
}

/// Looks until nothing differs any more, or often enough. What is left is in the last look's report.
pub fn until_it_stays(mut look: impl FnMut() -> Result<Look>) -> Result<Report> {
    let mut last = look()?;
    let mut stays = differences(&last.report);
    let mut always_moving = last.moving.clone();
    for turn in 1..LOOKS {
        if stays.is_empty() {
            break;
        }
        sleep(PAUSE.saturating_mul(u32::try_from(turn).unwrap_or(u32::MAX)));
        last = look()?;
        stays = &stays & &differences(&last.report);
        always_moving = &always_moving & &last.moving;
    }
    for finding in &mut last.report.findings {
        if finding.severity != Severity::Difference {
            continue;
        }
        if !stays.contains(&(finding.what, finding.place.clone())) {
            finding.severity = Severity::Note;
            finding.sentence.push_str(" (Seen once, while it was being written.)");
        } else if always_moving.contains(&finding.place) {
            finding.severity = Severity::Waiting;
            finding.sentence.push_str(" (It was being written in every look: look again when there is less traffic.)");
        }
    }
    last.report.findings.sort();
    Ok(last.report)
}

fn differences(report: &Report) -> BTreeSet<(&'static str, String)> {
    report.of(Severity::Difference).map(|finding| (finding.what, finding.place.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reconcile::Finding;

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
            let report = until_it_stays(|| {
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
}
