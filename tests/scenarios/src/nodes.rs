//! Several gates on one Redis, each a process with a data folder of its own.

use std::sync::OnceLock;

use crate::caller::Caller;
use crate::gate::Gate;
use crate::reconcile;
use crate::redis::RedisServer;
use crate::tenant::Tenant;

/// See the module's description.
pub struct Nodes {
    pub gates: Vec<Gate>,
    pub redis: RedisServer,
}

impl Nodes {
    /// Three nodes that are shared by the scenarios which let them live.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Nodes> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(3))
    }

    pub fn start(count: usize) -> Self {
        let redis = RedisServer::start();
        let mut gates = vec![Gate::start_with(&["--kv", &redis.url()])];
        while gates.len() < count {
            gates.push(gates[0].another());
        }
        Self { gates, redis }
    }

    /// `tollgate audit verify`: nothing differs in the store they share, while they run.
    #[track_caller]
    pub fn verify(&self) {
        let mut command = reconcile::verify();
        command.args(["--kv", &self.redis.url()]);
        reconcile::run(command);
    }

    /// The tenant's server as a caller of each node.
    pub fn servers(&self, tenant: &Tenant) -> Vec<Caller> {
        self.gates.iter().map(|gate| tenant.moved_to(gate).server()).collect()
    }
}
