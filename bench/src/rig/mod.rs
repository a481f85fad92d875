//! What is measured: the upstream, the floor under every gate, gates and peers, each with what a call to it looks like.

pub mod child;
pub mod contestant;
pub mod gates;
pub mod machine;
pub mod network;
pub mod peers;
pub mod programs;

use std::path::Path;

use anyhow::Result;
use scenarios::processes::Folder;

use self::child::Child;
use self::contestant::Contestant;
use self::peers::Peer;
use self::programs::Programs;
use crate::plan::{Deadline, Plan};

/// Everything that lives as long as the bench.
pub struct Rig {
    pub plan: Plan,
    pub programs: Programs,
    /// When all measuring is over.
    pub until: Deadline,
    pub peers: Vec<Peer>,
    upstream: Child,
    bare_proxy: Child,
    pub upstream_url: String,
    bare_url: String,
    folder: Folder,
}

impl Rig {
    /// Starts the upstream and the bare proxy; peers are added by who wants them.
    pub fn start(plan: Plan, programs: Programs, until: Deadline) -> Result<Self> {
        let folder = Folder::new("bench-");
        let (upstream, upstream_url) = child::server("upstream", &programs.upstream, &[])?;
        let address = upstream_url.trim_start_matches("http://").to_owned();
        let (bare_proxy, bare_url) = child::server("bare-proxy", &programs.bare_proxy, &["--upstream", &address])?;
        Ok(Self { plan, programs, until, peers: Vec::new(), upstream, bare_proxy, upstream_url, bare_url, folder })
    }

    /// The upstream without anything between.
    pub fn direct(&self) -> Contestant {
        Contestant::plain(contestant::DIRECT, &self.upstream_url, self.upstream.id())
    }

    /// The floor: a proxy that only passes bytes on.
    pub fn bare(&self) -> Contestant {
        Contestant::plain(contestant::BARE, &self.bare_url, self.bare_proxy.id())
    }

    /// The other gateways that are here.
    pub fn peer_contestants(&self) -> impl Iterator<Item = Contestant> {
        self.peers.iter().map(|peer| peer.contestant.clone())
    }

    /// Scripts, logs and data of this run.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }
}
