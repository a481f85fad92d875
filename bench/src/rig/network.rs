//! A network of one's own, so that a peer that listens on every interface listens on none.
//!
//! `cargo xtask bench` starts the bench by `unshare --net`, and what is missing then is a loopback interface that is up.

use anyhow::{Result, bail};

/// Tells us, and the scripts of the peers, that nobody else is on this network.
pub const ISOLATED: &str = "TOLLGATE_BENCH_ISOLATED";

pub fn is_isolated() -> bool {
    std::env::var_os(ISOLATED).is_some()
}

/// Brings the loopback interface up.
#[cfg(target_os = "linux")]
pub fn raise_loopback() -> Result<()> {
    // SAFETY: an all-zero request is a valid one; the calls only read and write it, and the socket is closed.
    let up = unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = *from as libc::c_char;
        }
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        let done = libc::ioctl(socket, libc::SIOCSIFFLAGS, &request);
        libc::close(socket);
        done == 0
    };
    if !up {
        bail!("the loopback interface can't be brought up: {}", std::io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub fn raise_loopback() -> Result<()> {
    bail!("there are no network namespaces here")
}
