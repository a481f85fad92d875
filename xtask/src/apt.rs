//! Programs that tests need and Debian has: found in the path, or installed where that may be done.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process;

const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The first of `names` in the path; on Debian as root `package` is installed when there is none.
pub fn find_or_install(names: &[&str], package: &str) -> Option<PathBuf> {
    find_good_or_install(names, package, |_| true)
}

/// The first of `names` in the path.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    find_good(names, |_| true)
}

/// The first of `names` in the path that is good for the purpose, or what Debian's `package` brings.
pub fn find_good_or_install(names: &[&str], package: &str, good: fn(&Path) -> bool) -> Option<PathBuf> {
    find_good(names, good).or_else(|| {
        install(package);
        find_good(names, good)
    })
}

fn find_good(names: &[&str], good: fn(&Path) -> bool) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found =
        |name: &&str| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file() && good(file));
    names.iter().find_map(found)
}

fn install(package: &str) {
    // SAFETY: asks for a number.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root || !Path::new("/etc/debian_version").exists() || find(&["apt-get"]).is_none() {
        return;
    }
    eprintln!("\n=== installing {package}");
    for arguments in [&["update"][..], &["install", "-y", "--no-install-recommends", package]] {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // A package with a service in it starts none: tests start their own.
        apt.env("RUNLEVEL", "1");
        if let Err(error) = process::run("apt-get", &mut apt, INSTALL_LIMIT) {
            eprintln!("{package} can't be installed: {error:#}");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_order_of_their_names() {
        assert!(find(&["no-such-program", "sh"]).unwrap().ends_with("sh"));
        assert_eq!(find(&["no-such-program"]), None);
        assert_eq!(find_good(&["sh"], |_| false), None);
    }
}
