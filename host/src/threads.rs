//! Threads for work that nobody waits for: it gives way to what somebody does wait for.

use std::io;
use std::thread::{self, JoinHandle};

/// Beside threads that have work as well, such a thread gets a quarter of the processor: enough for what must not be put off
/// for ever. Alone, it gets all of it.
const NICENESS: libc::c_int = 5;

/// Starts a thread that gives way to others.
///
/// # Errors
/// The system has no thread for it.
pub fn spawn_giving_way(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(|| {
        give_way();
        work();
    })
}

/// The calling thread gives way from now on. A process that gives way further already stays as it is.
fn give_way() {
    // SAFETY: a call of the system without pointers; 0 is the calling thread, for Linux nices threads, not processes.
    let set = niceness() >= NICENESS || unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) } == 0;
    if !set {
        tracing::debug!(error = %io::Error::last_os_error(), "a thread in the background doesn't give way");
    }
}

fn niceness() -> libc::c_int {
    // SAFETY: a call of the system without pointers.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_in_the_background_gives_way_and_no_other_does() {
        let before = niceness();
        let (tell, told) = mpsc::channel();
        spawn_giving_way("test", move || tell.send(niceness()).unwrap()).unwrap().join().unwrap();
        assert_eq!(told.recv().unwrap(), NICENESS.max(before));
        assert_eq!(niceness(), before);
    }
}
