//! A gate on a filled folder.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use scenarios::processes::Folder;
use scenarios::{Value, json};

use super::caller::{Call, Caller};
use crate::fill::{LOG_KEY, LOG_ORIGIN, ORIGIN, PUBLISHABLE_KEY, SECRET_KEY, Sizes, TENANT, fill};
use crate::rig::Rig;
use crate::rig::child::{self, Child};

/// The first start on a machine compiles the components.
const START_LIMIT: Duration = Duration::from_secs(180);
const LISTENING: &str = "listening on ";
/// Keys like any other; they are this gate's alone.
const ADMIN_KEY: &str = "tg_admin_of_the_bench_0000000000000000";
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Runs until it is dropped; then its folder goes too.
pub struct Grown {
    pub url: String,
    pub filled_s: f64,
    /// From the start of the process until it listens.
    pub started_s: f64,
    process: Child,
    _folder: Folder,
}

impl Grown {
    pub fn start(rig: &Rig, sizes: Sizes) -> Result<Self> {
        let folder = Folder::new("growth-");
        let data = folder.0.join("data");
        let began = Instant::now();
        fill(&data, sizes)?;
        let filled_s = began.elapsed().as_secs_f64();

        let mut command = scenarios::gate::up(&rig.programs.manifest, &data, "127.0.0.1:0");
        for (name, value) in
            [("ADMIN_KEY", ADMIN_KEY), ("MASTER_KEY", MASTER_KEY), ("LOG_KEY", LOG_KEY), ("LOG_ORIGIN", LOG_ORIGIN)]
        {
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        command.args(["--durability", "relaxed", "--variable", "dev_hosts=http://127.0.0.1:*"]);
        command.stdout(Stdio::piped());
        child::log_to(&mut command, &folder.0.join("gate.err"))?;
        let began = Instant::now();
        let mut process = Child::spawn("the gate", &mut command)?;
        let lines = process.lines();
        let until = began + START_LIMIT;
        let url = loop {
            let line = lines.recv_timeout(until.saturating_duration_since(Instant::now()));
            let line = line.context("the gate doesn't say where it listens")?;
            if let Some(url) = line.strip_prefix(LISTENING) {
                break url.to_owned();
            }
        };
        let started_s = began.elapsed().as_secs_f64();
        let grown = Self { url, filled_s, started_s, process, _folder: folder };
        let base = format!("{}/v1", rig.upstream_url);
        let binding = json!({"mode": "mock", "base_url": base, "secret": "sk-bench", "options": {}}).to_string();
        let path = format!("/v1/tenants/{TENANT}/vendors/openai");
        Caller::to(&grown.url)?.make(&Call::new("PUT", &path, &grown.admin(), &binding))?;
        Ok(grown)
    }

    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// The operator's header.
    pub fn admin(&self) -> String {
        bearer(ADMIN_KEY)
    }

    /// The header of the tenant's own server.
    pub fn server(&self) -> String {
        bearer(SECRET_KEY)
    }

    /// The headers of a page in a session.
    pub fn page(&self) -> Result<String> {
        let answer = Caller::to(&self.url)?.make(&self.session())?;
        let session: Value = serde_json::from_slice(&answer)?;
        let token = session["token"].as_str().context("a session has a token")?;
        Ok(at_page(token))
    }

    /// A page opens a session.
    pub fn session(&self) -> Call {
        let body = json!({"channel": "widget", "consent": true}).to_string();
        Call::new("POST", "/v1/sessions", &at_page(PUBLISHABLE_KEY), &body)
    }
}

fn at_page(key: &str) -> String {
    format!("{}Origin: {ORIGIN}\r\n", bearer(key))
}

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}
