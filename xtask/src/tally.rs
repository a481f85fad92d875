//! Counts passed and failed tests in the output of `cargo test`, `node --test` and `pytest`.

use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// Takes one line of output; lines that count nothing are passed over.
    ///
    /// Read are libtest's `test result: ok. 3 passed; 1 failed; ...`, node's `# pass 3` (TAP) or `ℹ pass 3` (spec), and
    /// pytest's `1 failed, 3 passed in 0.52s`.
    pub fn read(&mut self, line: &str) {
        let line = without_colours(line);
        if let Some(counts) = line.trim_start().strip_prefix("test result: ") {
            let number_before = |word: &str| {
                let part = counts.split([';', '.']).find_map(|part| part.trim().strip_suffix(word));
                part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
            };
            self.passed += number_before("passed");
            self.failed += number_before("failed");
        } else if let Some(count) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            match count.split_once(' ').map(|(word, number)| (word, number.trim().parse::<u64>())) {
                Some(("pass", Ok(number))) => self.passed += number,
                // Node cancels what it could not finish in time; that is a failure too.
                Some(("fail" | "cancelled", Ok(number))) => self.failed += number,
                _ => {}
            }
        } else if let Some(tally) = pytest(&line) {
            *self += tally;
        }
    }
}

/// The counts of pytest's last line. A line of anything else is `None`, even if it mentions numbers.
fn pytest(line: &str) -> Option<Tally> {
    let (counts, took) = line.trim_matches(['=', ' ']).split_once(" in ")?;
    let seconds = took.split(' ').next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    let mut tally = Tally::default();
    for count in counts.split(", ") {
        let (number, word) = count.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match word {
            "passed" => tally.passed += number,
            // An error is a test whose preparation failed.
            "failed" | "error" | "errors" => tally.failed += number,
            "skipped" | "deselected" | "warning" | "warnings" => {}
            _ => return None,
        }
    }
    Some(tally)
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Drops terminal colour sequences (`ESC [ ... m`).
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or("", |(_, text)| text));
    std::iter::once(first).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted() {
        let check = |output: &str, passed, failed| {
            let mut tally = Tally::default();
            output.lines().for_each(|line| tally.read(line));
            assert_eq!(tally, Tally { passed, failed }, "{output:?}");
        };
        check("test result: ok. 17 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s", 17, 0);
        check(
            "test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s",
            1,
            3,
        );
        check("test result: \u{1b}[32mok\u{1b}[0m. 4 passed; 0 failed; 0 ignored", 4, 0);
        check("test result: ok. 1 passed; 0 failed\nnoise\ntest result: FAILED. 2 passed; 1 failed", 3, 1);
        check("# tests 6\n# suites 0\n# pass 4\n# fail 1\n# cancelled 1\n# skipped 0", 4, 2);
        check("ℹ tests 2\nℹ pass 2\nℹ fail 0", 2, 0);
        check("\u{1b}[34mℹ pass 5\u{1b}[39m", 5, 0);
        check("3 passed in 0.52s", 3, 0);
        check("==== 1 failed, 2 passed, 1 skipped, 2 errors in 61.30s (0:01:01) ====", 2, 3);
        check("\u{1b}[32m\u{1b}[1m4 passed\u{1b}[0m\u{1b}[32m in 1.25s\u{1b}[0m", 4, 0);
        check("3 passed in all\n2 boats passed in 1.00s\nno tests ran in 0.01s", 0, 0);
        check("# pass the salt\nrunning 3 tests\ntest money ... ok\n# Subtest: fail 3\n5 passed", 0, 0);
    }
}
