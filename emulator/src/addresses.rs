//! One loopback address for each domain, for files that are keyed by host, such as `.netrc`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

/// The address of the domain with that number, counted from 0: 127.0.1.1, 127.0.1.2, …, 127.0.254.254.
pub(crate) fn address(number: u32) -> Option<Ipv4Addr> {
    let (third, fourth) = (number / 254 + 1, number % 254 + 1);
    Some(Ipv4Addr::new(
        127,
        0,
        u8::try_from(third).ok().filter(|third| *third < 255)?,
        u8::try_from(fourth).ok()?,
    ))
}

/// Opens listeners as domains appear.
pub(crate) struct Addresses {
    port: u16,
    listen: UnboundedSender<TcpListener>,
    open: Mutex<BTreeSet<u32>>,
}

impl Addresses {
    /// On the port of the main listener.
    pub(crate) fn new(port: u16, listen: UnboundedSender<TcpListener>) -> Self {
        Self { port, listen, open: Mutex::default() }
    }

    /// Listen for the domains that are new among those with these numbers. Whoever is told of one
    /// afterwards can connect at once: the machine queues connections that are not accepted yet. A listener
    /// stays when its domain goes, for the next domain of that number.
    pub(crate) fn follow(&self, numbers: impl Iterator<Item = u32>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<_> = numbers.filter(|number| !open.contains(number)).collect();
        for number in missing {
            let Some(address) = address(number) else { continue };
            match listener(SocketAddr::new(IpAddr::V4(address), self.port)) {
                // The other end goes when the emulator stops.
                Ok(listener) => drop(self.listen.send(listener)),
                Err(error) => tracing::error!(%address, %error, "cannot listen for a domain"),
            }
            open.insert(number);
        }
    }
}

/// A listener that the event loop can use.
pub(crate) fn listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_on_in_the_next_block() {
        for (number, expected) in
            [(0, "127.0.1.1"), (253, "127.0.1.254"), (254, "127.0.2.1"), (64_515, "127.0.254.254")]
        {
            assert_eq!(address(number).unwrap().to_string(), expected);
        }
        assert_eq!(address(64_516), None);
    }
}
