//! Processes that end with this one, and that a Ctrl-C in the terminal reaches only through it.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Gives it a group of its own, so that it is told once to stop and not twice.
pub fn apart(command: &mut Command) -> &mut Command {
    command.process_group(0);
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec this makes one call of the system, without pointers; it takes no lock and no memory.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            Ok(())
        });
    }
    command
}

/// Asks a child to stop. One that has ended, but wasn't waited for, still has its number: nobody else is met.
pub fn terminate(child: &Child) {
    send(child, 1, libc::SIGTERM);
}

/// Ends a child of [`apart`] and what it has started.
pub fn kill_all(child: &Child) {
    send(child, -1, libc::SIGKILL);
}

fn send(child: &Child, group: libc::pid_t, signal: libc::c_int) {
    if let Ok(id) = libc::pid_t::try_from(child.id()) {
        // SAFETY: a call of the system without pointers. There is nothing to do when it fails: the child is gone.
        unsafe { libc::kill(id * group, signal) };
    }
}
