//! The data folder: whether it can be written, is only this user's, has room, and who has it.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tollgate::Options;
use tollgate::kv::Backend;

use super::finding::Finding;
use super::processes::Process;
use super::{Mode, port};

const MIB: u64 = 1024 * 1024;
/// Less than this, and writing stops soon.
const LITTLE: u64 = 1024 * MIB;
const NONE_LEFT: u64 = 64 * MIB;
/// What others may do with a file or folder.
const OTHERS: u32 = 0o077;

/// Of a folder that isn't there yet, the nearest that is counts.
pub fn look(data: &Path, mode: Mode) -> Vec<Finding> {
    let what = format!("data folder {}", data.display());
    let existing = data.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let Some(existing) = existing.into_iter().find(|path| path.exists()) else { return Vec::new() };
    if !existing.is_dir() {
        let said = format!("{} is a file", existing.display());
        return vec![Finding::problem(what, said).because("The store is kept there.").mend("give another --data")];
    }
    if !may_write(existing) {
        let said = format!("this user may not write {}", existing.display());
        let mend = format!("sudo chown -R \"$(id -un)\" {}; or give another --data", existing.display());
        return vec![Finding::problem(what, said).because("The store is kept there.").mend(mend)];
    }
    let mut findings = vec![if existing == data { private(data, &what, mode) } else { Finding::ok(what) }];
    findings.extend(room(existing));
    findings
}

/// What is secret of tenants lies in it.
fn private(data: &Path, what: &str, mode: Mode) -> Finding {
    let Ok(found) = fs::metadata(data) else { return Finding::problem(what, "it can't be looked at") };
    let open = found.permissions().mode() & OTHERS;
    if open == 0 {
        return Finding::ok(what);
    }
    if mode == Mode::Fix && fs::set_permissions(data, Permissions::from_mode(0o700)).is_ok() {
        return Finding::mended(what, "closed to other users");
    }
    Finding::warning(what, "other users of this machine can look into it")
        .because("Keys and what people say lie in it.")
        .mend(format!("chmod 700 {}", data.display()))
}

fn room(folder: &Path) -> Option<Finding> {
    let free = free(folder)?;
    let what = "room on the disk of the data folder";
    let said = format!("{} MiB are left", free / MIB);
    let finding = match free {
        free if free < NONE_LEFT => Finding::problem(what, said),
        free if free < LITTLE => Finding::warning(what, said),
        _ => return Some(Finding::ok(what)),
    };
    let mend = "make room; `tollgate backup` first, if nothing else has a copy";
    Some(finding.because("A gate that can't write its store serves nobody.").mend(mend))
}

fn path_of(folder: &Path) -> Option<CString> {
    CString::new(folder.as_os_str().as_bytes()).ok()
}

fn may_write(folder: &Path) -> bool {
    // SAFETY: the path is a text that ends with a zero and outlives the call.
    path_of(folder).is_some_and(|path| unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } == 0)
}

/// Bytes that this user may still write.
fn free(folder: &Path) -> Option<u64> {
    let path = path_of(folder)?;
    let mut found = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path is a text that ends with a zero, the place is large enough, and both outlive the call.
    if unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call has succeeded, so the place is filled.
    let found = unsafe { found.assume_init() };
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Who has the store. Only looked at, never taken: a gate that starts at this moment must find it free.
pub fn lock(options: &Options) -> Option<Finding> {
    let file = options.data.join("lock");
    if !matches!(options.kv, Backend::Sqlite) {
        return None;
    }
    let what = format!("store in {}", options.data.display());
    let Ok(found) = fs::metadata(&file) else { return Some(Finding::ok(what)) };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let Some(pid) = owner(&locks, found.ino()) else { return Some(Finding::ok(what)) };
    let said = format!("{} has it", Process::of(pid));
    // One that serves is no fault, only nothing that a second one can start beside.
    let is_gate =
        port::holder(options.listen).is_some_and(|process| process.pid == pid) && port::is_gate(options.listen);
    let finding = if is_gate {
        Finding::warning(what, format!("{said}, and is a gate that serves"))
    } else {
        Finding::problem(what, said)
    };
    let why = "Two gates on one store would both write its log, so each takes it for itself.";
    Some(finding.because(why).mend(format!("kill {pid}, if it isn't needed; or give another --data")))
}

/// The process that has a lock on the file with this number, in the kernel's table.
fn owner(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_held = !columns.contains(&"->");
        let (pid, file) = (columns.get(4)?, columns.get(5)?);
        let found = file.rsplit(':').next()?.parse::<u64>().ok()?;
        if is_held && found == inode { pid.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::finding::Findings;
    use super::*;
    use crate::cli::out::Paint;

    fn text(findings: impl IntoIterator<Item = Finding>) -> String {
        let mut all = Findings::default();
        all.extend(findings);
        all.text(Paint::Off)
    }

    #[test]
    fn ops_5_a_data_folder_that_is_open_to_others_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(text(look(&data, Mode::Look)).starts_with("ok       data folder"), "made at the start");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
        let mode = || fs::metadata(&data).unwrap().permissions().mode() & 0o777;
        let found = text(look(&data, Mode::Look));
        assert!(found.starts_with("warning  data folder") && found.contains("chmod 700"), "{found}");
        assert_eq!(mode(), 0o755, "it only looks");
        assert!(text(look(&data, Mode::Fix)).starts_with("mended   data folder"));
        assert_eq!(mode(), 0o700);
        assert!(text(look(&data, Mode::Look)).starts_with("ok       data folder"));
        fs::write(data.join("file"), "").unwrap();
        assert!(text(look(&data.join("file"), Mode::Look)).contains("is a file"));
    }

    #[test]
    fn ops_5_a_store_that_somebody_has_is_told_with_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new("spin.toml", folder.path());
        options.listen.set_port(0);
        assert!(text(lock(&options)).starts_with("ok       store in"));
        let file = File::create(folder.path().join("lock")).unwrap();
        assert!(text(lock(&options)).starts_with("ok       store in"), "left by one that has ended");
        file.try_lock().unwrap();
        let found = text(lock(&options));
        let expected = format!("process {} (", std::process::id());
        assert!(found.starts_with("problem  store in") && found.contains(&expected), "{found}");
    }

    #[test]
    fn ops_5_the_kernels_table_of_locks_is_read() {
        let locks = "1: FLOCK  ADVISORY  WRITE 4711 fd:01:99 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 4712 fd:01:98 0 EOF\n\
                     2: POSIX  ADVISORY  READ 4713 00:2f:97 128 128\n";
        assert_eq!(
            (owner(locks, 99), owner(locks, 98), owner(locks, 97), owner(locks, 1)),
            (Some(4711), None, Some(4713), None)
        );
    }
}
