//! Where the servers of a control plane listen.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

const ETCD_PORT: u16 = 2379;
const ETCD_PEER_PORT: u16 = 2380;
const API_SERVER_PORT: u16 = 6443;

/// The addresses of one control plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The address of all servers.
    pub(super) address: Ipv4Addr,
    /// The port of the API server.
    pub(super) port: u16,
    /// Whether a node belongs to the control plane.
    pub(super) has_node: bool,
}

impl Place {
    /// A loopback address on which none of the ports is taken. The ports are below those that the kernel gives out.
    pub(super) fn free() -> Result<Self> {
        for _ in 0..100 {
            let address = Ipv4Addr::new(127, fastrand::u8(64..128), fastrand::u8(..), fastrand::u8(1..255));
            let ports = [ETCD_PORT, ETCD_PEER_PORT, API_SERVER_PORT];
            if ports.iter().all(|port| TcpListener::bind((address, *port)).is_ok()) {
                return Ok(Self { address, port: API_SERVER_PORT, has_node: false });
            }
        }
        bail!("no loopback address has ports {ETCD_PORT}, {ETCD_PEER_PORT} and {API_SERVER_PORT} free")
    }

    /// The address of the Service `kubernetes`, which nobody else has in the node's namespaces: Pods find the API server there.
    pub(super) fn of_node() -> Self {
        Self { address: Ipv4Addr::new(10, 96, 0, 1), port: 443, has_node: true }
    }

    pub(super) fn url(self) -> String {
        format!("https://{}:{}", self.address, self.port)
    }

    pub(super) fn etcd_url(self) -> String {
        format!("http://{}:{ETCD_PORT}", self.address)
    }

    pub(super) fn etcd_peer_url(self) -> String {
        format!("http://{}:{ETCD_PEER_PORT}", self.address)
    }
}
