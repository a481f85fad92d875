//! How far this machine's clock is from somebody else's.

use std::time::{Duration, SystemTime};

use super::finding::Finding;

const WHAT: &str = "clock";
/// A date in a header has whole seconds, and the answer has been on its way.
const ALLOWED: Duration = Duration::from_secs(30);
/// What vendors' signatures are allowed to be old: beyond that, webhooks are refused.
const TOO_MUCH: Duration = Duration::from_secs(300);
const WHY: &str =
    "Windows of caps begin and end by it, sessions expire by it, and webhooks older than 5 minutes are refused.";

/// `date` is the header of an answer that came between two moments.
pub fn judge(whose: &str, date: &str, asked: SystemTime, answered: SystemTime) -> Option<Finding> {
    let theirs = httpdate::parse_http_date(date).ok()?;
    let behind = theirs.duration_since(answered).unwrap_or_default();
    let before = asked.duration_since(theirs).unwrap_or_default();
    let off = behind.max(before);
    let direction = if behind > before { "behind" } else { "ahead of" };
    let said = format!("{} s {direction} that of {whose}", off.as_secs());
    let finding = match off {
        off if off > TOO_MUCH => Finding::problem(WHAT, said),
        off if off > ALLOWED => Finding::warning(WHAT, said),
        _ => return Some(Finding::ok(format!("{WHAT}, by that of {whose}"))),
    };
    Some(finding.because(WHY).mend("sudo timedatectl set-ntp true (here, or there)"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Findings;
    use super::*;
    use crate::cli::out::Paint;

    #[test]
    fn whk_1_a_clock_that_is_off_is_told() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let check = |theirs: i64, expected: &str| {
            let theirs = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(1_795_000_000 + theirs).unwrap());
            let date = httpdate::fmt_http_date(theirs);
            let mut findings = Findings::default();
            findings.extend(judge("it", &date, now, now + Duration::from_secs(2)));
            let text = findings.text(Paint::Off);
            assert!(text.starts_with(expected), "{text}");
        };
        check(0, "ok       clock, by that of it\n");
        check(-29, "ok       clock");
        check(32, "ok       clock");
        check(-31, "warning  clock: 31 s ahead of that of it\n");
        check(33, "warning  clock: 31 s behind that of it\n");
        check(-301, "problem  clock: 301 s ahead of that of it\n");
        check(3_602, "problem  clock: 3600 s behind that of it\n");
        assert!(judge("it", "yesterday", now, now).is_none());
    }
}
