//! The mock vendors: a process, its faults, and what it saw.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::caller::Caller;
use crate::processes::{Folder, Process};
use crate::tenant::Tenant;
use crate::{eventually, programs};

const START_LIMIT: Duration = Duration::from_secs(20);

/// A running `mock-vendors`.
pub struct Mocks {
    _process: Process,
    _folder: Folder,
    url: String,
}

impl Mocks {
    /// The mocks that most scenarios share. Calls are told apart by the tenant's vendor keys, and what shall go wrong
    /// is said in the text itself (`[[fault:429]]`), so that nobody disturbs anybody.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Mocks> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Mocks of one's own, for faults that are set from outside.
    pub fn start() -> Self {
        let folder = Folder::new("mocks-");
        let mut command = Command::new(programs::mock_vendors());
        command.args(["--listen", "127.0.0.1:0", "--token-ms", "5", "--audio-ms", "400"]);
        let mut process = Process::spawn(command, &folder.0.join("mocks"));
        let url = process.wait_for_line("listening on ", START_LIMIT);
        Self { _process: process, _folder: folder, url }
    }

    /// What a binding to this vendor has as `base_url`.
    pub fn base_url(&self, vendor: &str) -> String {
        let version = if vendor == "openai" { "/v1" } else { "" };
        format!("{}/{vendor}{version}", self.url)
    }

    /// What goes wrong with the next calls to a vendor.
    #[track_caller]
    pub fn fault(&self, vendor: &str, fault: Value) {
        self.control().post("/control", &json!({"vendor": vendor, "fault": fault})).expect(200);
    }

    /// All calls made with this tenant's keys, oldest first.
    #[track_caller]
    pub fn calls_of(&self, tenant: &Tenant) -> Vec<Value> {
        let calls = self.control().get("/control/calls").expect(200);
        let is_tenants = |call: &Value| tenant.vendor_secrets.values().any(|secret| call["key"] == **secret);
        calls.as_array().into_iter().flatten().filter(|call| is_tenants(call)).cloned().collect()
    }

    #[track_caller]
    pub fn assert_not_called(&self, tenant: &Tenant) {
        assert_eq!(self.calls_of(tenant), Vec::<Value>::new(), "the vendor was called");
    }

    /// The tenant's first call whose path contains `path`, once it is there and `ready` for the question.
    #[track_caller]
    pub fn call_when(&self, tenant: &Tenant, path: &str, limit: Duration, ready: impl Fn(&Value) -> bool) -> Value {
        let is_it = |call: &Value| call["path"].as_str().is_some_and(|seen| seen.contains(path)) && ready(call);
        eventually(&format!("a vendor call to {path}"), limit, || self.calls_of(tenant).into_iter().find(|c| is_it(c)))
    }

    /// Asks the mock itself.
    pub fn control(&self) -> Caller {
        Caller::stranger(&self.url)
    }
}
