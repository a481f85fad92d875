//! The machine, the day and the commit: without them a number says nothing.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::child;

const LIMIT: Duration = Duration::from_secs(10);

/// Where it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_mib: u64,
    pub kernel: String,
    /// Load average of the minute before: others that work at the same time spoil the numbers.
    pub load_before: String,
}

/// Which source was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    pub commit: String,
    /// There were changes that are in no commit.
    pub changed: bool,
}

impl Machine {
    pub fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(0, usize::from),
            memory_mib: kib(&read("/proc/meminfo"), "MemTotal") / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// For the name of a file: letters, digits and dashes.
    pub fn slug(&self) -> String {
        let words = self.cpu.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let dull = ["R", "TM", "CPU", "Processor", "Core", "with"];
        let words: Vec<_> = words.filter(|word| !dull.contains(word)).map(str::to_ascii_lowercase).collect();
        format!("{}-{}c", words.join("-"), self.cores)
    }
}

impl Source {
    pub fn look(root: &Path) -> Self {
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(root).args(["-c", "safe.directory=*"]).args(arguments);
            child::output("git", &mut command, LIMIT).unwrap_or_default().trim().to_owned()
        };
        // The results of earlier runs are no change of what is measured.
        let changes = git(&["status", "--porcelain", "--", ".", ":!bench/results", ":!docs"]);
        Self { commit: git(&["rev-parse", "--short=12", "HEAD"]), changed: !changes.is_empty() }
    }
}

/// Today, as `2026-11-20`, by UTC.
pub fn today() -> String {
    let mut command = Command::new("date");
    let printed = child::output("date", command.args(["-u", "+%F"]), LIMIT).unwrap_or_default();
    printed.trim().to_owned()
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A size in one of the kernel's tables, in KiB.
pub fn kib(text: &str, name: &str) -> u64 {
    let value = field(text, name).unwrap_or_default();
    value.trim_end_matches("kB").trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_kernel_are_read() {
        assert_eq!(kib("Name:\tx\nVmRSS:\t  12345 kB\n", "VmRSS"), 12_345);
        assert_eq!(kib("", "VmRSS"), 0);
        assert_eq!(field("model name\t: A (R) B\n", "model name").as_deref(), Some("A (R) B"));
    }

    #[test]
    fn a_machine_names_a_file() {
        let machine = |cpu: &str| Machine {
            cpu: cpu.into(),
            cores: 2,
            memory_mib: 1,
            kernel: String::new(),
            load_before: String::new(),
        };
        assert_eq!(machine("Intel(R) Xeon(R) Processor @ 2.90GHz").slug(), "intel-xeon-2-90ghz-2c");
        assert_eq!(machine("AMD EPYC 7763 64-Core Processor").slug(), "amd-epyc-7763-64-2c");
    }
}
