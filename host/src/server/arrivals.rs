//! Counts the requests whose body is still arriving, so that no client can fill the house with bodies that never come.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::errors::Refusal;

/// For each place, how many bodies of all clients together may be arriving: what they hold in memory has a bound.
const ARRIVALS_PER_PLACE: usize = 16;

/// Who is sending, and how much at the same time. A finished body isn't counted: behind a proxy all requests have one
/// address, and a proxy is quick.
pub struct Arrivals {
    per_client: usize,
    in_all: usize,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// No client has a zero.
    clients: HashMap<IpAddr, usize>,
    in_all: usize,
}

impl Arrivals {
    /// For a server with so many places: half of them for one client.
    pub fn new(places: usize) -> Self {
        let per_client = (places / 2).max(1);
        Self { per_client, in_all: places.saturating_mul(ARRIVALS_PER_PLACE), now: Mutex::default() }
    }

    /// Counts one more, until the ticket is dropped.
    pub fn enter(self: &Arc<Self>, client: IpAddr) -> Result<Ticket, Refusal> {
        let client = sender(client);
        let mut now = self.lock();
        if now.in_all >= self.in_all {
            return Err(Refusal::overloaded("too many request bodies are arriving"));
        }
        let count = now.clients.entry(client).or_default();
        if *count >= self.per_client {
            return Err(Refusal::overloaded("too many request bodies are arriving from this address"));
        }
        *count += 1;
        now.in_all += 1;
        Ok(Ticket { arrivals: self.clone(), client })
    }

    fn leave(&self, client: IpAddr) {
        let mut now = self.lock();
        now.in_all = now.in_all.saturating_sub(1);
        if let Some(count) = now.clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                now.clients.remove(&client);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One IPv6 customer has a /64, and could send every request from another address of it.
fn sender(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

/// A body that is arriving.
pub struct Ticket {
    arrivals: Arc<Arrivals>,
    client: IpAddr,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.arrivals.leave(self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(places: usize, clients: &[&str], admitted: &[bool]) {
        let arrivals = Arc::new(Arrivals::new(places));
        let tickets: Vec<_> = clients.iter().map(|client| arrivals.enter(client.parse().unwrap())).collect();
        let got: Vec<bool> = tickets.iter().map(Result::is_ok).collect();
        assert_eq!(got, admitted, "{places} places: {clients:?}");
        drop(tickets);
        let now = arrivals.lock();
        assert_eq!((now.clients.len(), now.in_all), (0, 0), "nothing is left of {clients:?}");
    }

    #[test]
    fn one_client_has_half_of_the_places() {
        check(4, &["10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2"], &[true, true, false, true]);
        check(1, &["10.0.0.1", "10.0.0.1"], &[true, false]);
        check(2, &["10.0.0.1", "::ffff:10.0.0.1"], &[true, false]);
        check(2, &["2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1"], &[true, false, true]);
    }

    #[test]
    fn all_clients_together_have_a_bound() {
        let clients: Vec<String> = (0..17).map(|n| format!("10.0.0.{n}")).collect();
        let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
        let mut admitted = [true; 17];
        admitted[16] = false;
        check(1, &clients, &admitted);
    }
}
