//! Who holds the Lease: a name that no other process has, and whether the process of such a name has ended.

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Digits of a place.
const PLACE_DIGITS: usize = 12;

/// The name of a process in the Lease. No two processes share one, whatever their pods are called.
///
/// The name ends with the place of the process and with random digits. A place is one network namespace, as each pod has, in
/// one boot of a machine. The process answers under its name there as long as it lives, so that a restarted container need
/// not wait until the Lease of its predecessor expires.
#[derive(Clone, Debug)]
pub struct Identity {
    name: String,
    place: String,
}

impl Identity {
    /// A new name, which begins with the name of the pod.
    pub fn new(pod: &str) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        // A process that cannot answer must not be taken for dead: it has a place of its own.
        let place = place().filter(|place| answer(place, &random).is_ok()).unwrap_or_else(elsewhere);
        Self { name: format!("{pod}_{place}_{random}"), place }
    }

    /// As the Lease spells it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the process with that name has certainly ended. The answer is `false` for a process of another place, because this
    /// process cannot ask there.
    pub(super) fn knows_ended(&self, name: &str) -> bool {
        let mut parts = name.rsplitn(3, '_');
        let (Some(random), Some(place), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        place == self.place && refused(place, random)
    }
}

/// The place of this process, if the system tells.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let network = std::fs::read_link("/proc/self/ns/net").ok()?;
    let digest = hex::encode(Sha256::digest(format!("{}{}", boot.trim(), network.display())));
    digest.get(..PLACE_DIGITS).map(str::to_owned)
}

/// A place that no other process has.
fn elsewhere() -> String {
    let random = Uuid::new_v4().simple().to_string();
    random.get(..PLACE_DIGITS).unwrap_or(&random).to_owned()
}

/// Answers from now on until the process ends.
fn answer(place: &str, random: &str) -> std::io::Result<()> {
    Box::leak(Box::new(UnixDatagram::bind_addr(&address(place, random)?)?));
    Ok(())
}

fn refused(place: &str, random: &str) -> bool {
    let asked = address(place, random).and_then(|address| UnixDatagram::unbound()?.connect_addr(&address));
    asked.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// The abstract socket address of a process. Such an address belongs to one network namespace, and the system frees the address
/// when the process ends.
fn address(place: &str, random: &str) -> std::io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("codeartifact-operator/{place}_{random}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_processes_share_a_name_and_only_one_of_the_same_place_is_known_to_have_ended() {
        let (one, other) = (Identity::new("pod"), Identity::new("pod"));
        assert_ne!(one.name(), other.name());
        assert!(one.name().starts_with("pod_"), "{}", one.name());
        let gone = format!("pod_{}_gone", one.place);
        for (name, ended) in [
            (other.name(), false),
            (gone.as_str(), true),
            ("pod_elsewhere_gone", false),
            ("pod", false),
            ("", false),
        ] {
            assert_eq!(one.knows_ended(name), ended, "{name}");
        }
    }
}
