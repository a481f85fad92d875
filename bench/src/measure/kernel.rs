//! What the kernel counts of a process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

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

/// The processor's time that a process has taken so far, its own and the kernel's for it. Not from its `stat`, which
/// counts in hundredths of a second: some hundred calls hardly take more.
pub fn processor_time(process: u32) -> Result<Duration> {
    let mut clock = 0;
    // SAFETY: writes the number of a clock where it is told to, or nothing.
    let found = unsafe { libc::clock_getcpuclockid(process.try_into()?, &mut clock) };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the same with a time.
    let is_read = found == 0 && unsafe { libc::clock_gettime(clock, &mut time) } == 0;
    ensure!(is_read, "the process is gone");
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_is_known_by_its_number() {
        assert!(memory(std::process::id()).unwrap().rss_kib > 100);
        let (before, began) = (processor_time(std::process::id()).unwrap(), Instant::now());
        while processor_time(std::process::id()).unwrap() - before < Duration::from_millis(2) {
            assert!(began.elapsed() < Duration::from_secs(20), "busy, and no time passes");
        }
        // No process has a number of more than 22 bits.
        assert!(processor_time(1 << 23).is_err());
    }
}
