//! Other processes of this machine, as far as this user may see them.

use std::fmt;
use std::fs;
use std::path::Path;

/// Who it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub name: String,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.name)
    }
}

impl Process {
    pub fn of(pid: u32) -> Self {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = name.trim_end();
        Self { pid, name: if name.is_empty() { "not of this user".into() } else { name.into() } }
    }
}

/// The process that has this open, such as `socket:[1234]`. Of other users' processes nothing is seen.
pub fn with_open(link: &str) -> Option<Process> {
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has = |pid: &u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd"));
        open.into_iter().flatten().flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == Path::new(link)))
    };
    pids.into_iter().find(has).map(Process::of)
}
