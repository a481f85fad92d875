//! How often pages may open sessions: the publishable key is in every page, so anybody can ask with it.
//!
//! A window is as long as the rate needs to earn one burst, and at most a burst passes in it. So never more than rate and
//! burst together pass in any minute, with one increment per request and nothing to undo.

use core::net::IpAddr;

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, expiry, families};
use tenancy::KeyKind;

use crate::{Admission, Refusal};

/// Sessions per minute of one key from one address. A company or a mobile carrier may have all its visitors behind one
/// address; ten new ones a second is more than any page has from there, and less than a flood.
const PER_MINUTE: u64 = 600;
/// Sessions at once: a lecture hall that opens the same page.
const BURST: u64 = 200;
/// In which a burst is earned again.
const WINDOW: u64 = MINUTE * BURST / PER_MINUTE;

/// Counts one session that `caller` is about to open, or refuses it. `peer` is the address that the host saw, with or
/// without its port. Servers are not counted: their key is secret, and they open sessions for visitors from everywhere.
///
/// # Errors
/// [`Refusal::TooMany`]; [`Refusal::Store`] when it can't be counted.
pub fn count_open(store: &dyn Store, now: Millis, caller: &Admission, peer: Option<&str>) -> Result<(), Refusal> {
    if caller.key.kind != KeyKind::Publishable {
        return Ok(());
    }
    let number = now.0.checked_div(WINDOW).unwrap_or(0);
    let counter = families::SESSION_RATE.counter(&[&caller.key.id, &address(peer), &number.to_string()]);
    let count = counter.add(store, 1)?;
    if count == 1 {
        // What if we crash before? One small counter stays behind.
        expiry::forget_after(store, now.hour_number(), &[counter.key()])?;
    }
    if u64::try_from(count).is_ok_and(|count| count > BURST) {
        let ends = Millis(number.saturating_add(1).saturating_mul(WINDOW));
        return Err(Refusal::TooMany {
            retry_after_ms: ends.since(now),
            fallback_message: caller.tenant.fallback_message.clone(),
        });
    }
    Ok(())
}

/// Whom to count together. Of an IPv6 address the first 64 bits: its holder has all the rest. Whoever has no address
/// that can be read is counted with all others who have none.
fn address(peer: Option<&str>) -> String {
    match peer.and_then(parse) {
        Some(IpAddr::V4(v4)) => v4.to_string(),
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
        None => "unknown".into(),
    }
}

fn parse(peer: &str) -> Option<IpAddr> {
    let with_port = peer.parse::<core::net::SocketAddr>().map(|peer| peer.ip());
    with_port.or_else(|_| peer.parse()).ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_counted_by_their_address() {
        let check = |peer: Option<&str>, counted: &str| assert_eq!(address(peer), counted, "{peer:?}");
        check(Some("192.0.2.7:51234"), "192.0.2.7");
        check(Some("192.0.2.7"), "192.0.2.7");
        check(Some("[2001:db8:1:2:3:4:5:6]:443"), "2001:db8:1:2::");
        check(Some("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        check(Some("[::ffff:192.0.2.7]:80"), "192.0.2.7");
        check(Some("somewhere:80"), "unknown");
        check(Some(""), "unknown");
        check(None, "unknown");
    }
}
