//! What the kernel counts of a process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::rig::machine::kib;

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Resident; a page of a file that is mapped twice counts twice.
    pub rss_kib: u64,
    /// Resident; a page counts once however often it is mapped.
    pub pss_kib: u64,
}

pub fn memory(process: u32) -> Result<Memory> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).context("the process is gone");
    Ok(Memory { rss_kib: kib(&read("status")?, "VmRSS"), pss_kib: kib(&read("smaps_rollup")?, "Pss:") })
}

/// The processor's time that a process has taken so far, its own and the kernel's for it.
pub fn processor_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the process is gone")?;
    let ticks = ticks(&stat).context("the kernel's table has another form")?;
    // SAFETY: asks for a number.
    let per_second = u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100);
    Ok(Duration::from_micros(ticks * 1_000_000 / per_second))
}

/// `utime` and `stime`; the program's name before them may have blanks in it.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_after_the_name() {
        let check = |stat: &str, expected: Option<u64>| assert_eq!(ticks(stat), expected, "{stat}");
        check("7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0", Some(300));
        check("7 (a", None);
        assert!(memory(std::process::id()).unwrap().rss_kib > 100);
        processor_time(std::process::id()).unwrap();
    }
}
