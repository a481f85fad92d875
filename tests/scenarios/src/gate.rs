//! A gate of one's own: its data folder, its keys, its process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::amounts::price_list;
use crate::caller::{Caller, Transcript};
use crate::processes::{Folder, Process};
use crate::{programs, random};

/// The first start compiles the components to machine code.
const START_LIMIT: Duration = Duration::from_secs(180);
const LISTENING: &str = "listening on ";

/// A running gate.
pub struct Gate {
    process: Process,
    folder: Folder,
    starts: u32,
    manifest: PathBuf,
    extra: Vec<String>,
    pub url: String,
    pub admin_key: String,
    pub master_key: String,
    /// When set, every caller made from here on adds its answers to it.
    pub transcript: Option<Transcript>,
}

impl Gate {
    /// The gate that most scenarios share; each has tenants of its own in it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Gate> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A new gate with an empty store and the price list.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments for `tollgate up`.
    pub fn start_with(extra: &[&str]) -> Self {
        let master_key = BASE64_STANDARD.encode(random::bytes::<32>());
        let gate = Self::start_as(programs::manifest(), random::unique("admin-"), master_key, extra);
        gate.admin().put("/v1/prices", &price_list()).done();
        gate
    }

    /// A gate that nobody maintains: neither its own timer nor anybody else finds the route.
    pub fn start_without_maintenance() -> Self {
        Self::start_changed(|manifest| manifest.replace("/v1/maintenance\"", "/v1/nobody\""))
    }

    /// A gate whose manifest is the real one, changed.
    pub fn start_changed(change: impl FnOnce(String) -> String) -> Self {
        let real = programs::manifest();
        let base = real.parent().expect("a file is in a folder").display();
        let text = fs::read_to_string(&real).expect("the manifest can be read");
        let text = change(text.replace("\"target/", &format!("\"{base}/target/")));
        let folder = Folder::new("manifest-");
        let manifest = folder.0.join("spin.toml");
        fs::write(&manifest, text).expect("the manifest can be written");
        let gate =
            Self::start_as(manifest, random::unique("admin-"), BASE64_STANDARD.encode(random::bytes::<32>()), &[]);
        gate.admin().put("/v1/prices", &price_list()).done();
        gate
    }

    /// Another gate with this one's keys and arguments, so with the same store when that is one to share, and a data
    /// folder of its own.
    pub fn another(&self) -> Self {
        let extra: Vec<&str> = self.extra.iter().map(String::as_str).collect();
        Self::start_as(self.manifest.clone(), self.admin_key.clone(), self.master_key.clone(), &extra)
    }

    fn start_as(manifest: PathBuf, admin_key: String, master_key: String, extra: &[&str]) -> Self {
        let folder = Folder::new("gate-");
        let extra: Vec<String> = extra.iter().map(|argument| (*argument).to_owned()).collect();
        let command = command(&manifest, &folder.0.join("data"), &admin_key, &master_key, &extra);
        let mut process = Process::spawn(command, &folder.0.join("gate-0"));
        let url = process.wait_for_line(LISTENING, START_LIMIT);
        Self { process, folder, starts: 1, manifest, extra, url, admin_key, master_key, transcript: None }
    }

    /// Where it keeps everything.
    pub fn data(&self) -> PathBuf {
        self.folder.0.join("data")
    }

    /// The store that it was told of.
    pub fn kv(&self) -> Option<&str> {
        let value = self.extra.iter().skip_while(|argument| *argument != "--kv").nth(1);
        value.map(String::as_str)
    }

    /// The folder with its data and the output of each of its processes.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub fn stranger(&self) -> Caller {
        Caller { transcript: self.transcript.clone(), ..Caller::stranger(&self.url) }
    }

    pub fn admin(&self) -> Caller {
        self.stranger().with_bearer(&self.admin_key)
    }

    /// The rounds that the host also makes every second.
    #[track_caller]
    pub fn maintain(&self) {
        self.admin().call("POST", "/v1/maintenance").send().done();
    }

    /// Ends it as a power cut would.
    pub fn kill9(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same data. Its address is another one.
    pub fn restart(&mut self) {
        self.process.kill();
        let command = command(&self.manifest, &self.data(), &self.admin_key, &self.master_key, &self.extra);
        self.process = Process::spawn(command, &self.folder.0.join(format!("gate-{}", self.starts)));
        self.starts += 1;
        self.url = self.process.wait_for_line(LISTENING, START_LIMIT);
    }

    /// The same with other arguments for `tollgate up`.
    pub fn restart_with(&mut self, extra: &[&str]) {
        self.extra = extra.iter().map(|argument| (*argument).to_owned()).collect();
        self.restart();
    }

    /// Asks it to end.
    pub fn sigterm(&self) {
        self.process.terminate();
    }

    pub fn wait_for_end(&mut self, limit: Duration) -> ExitStatus {
        self.process.wait_for_end(limit)
    }
}

/// `tollgate up` with every variable given: it asks nothing and seeds nothing.
fn command(manifest: &Path, data: &Path, admin_key: &str, master_key: &str, extra: &[String]) -> Command {
    let mut command = up(manifest, data, "127.0.0.1:0");
    // In the environment, where a secret belongs: arguments can be listed by everybody on the machine.
    command.env("SPIN_VARIABLE_ADMIN_KEY", admin_key).env("SPIN_VARIABLE_MASTER_KEY", master_key);
    command.args(["--variable", "dev_hosts=http://127.0.0.1:*"]).args(extra);
    command
}

/// `tollgate up` without variables.
pub fn up(manifest: &Path, data: &Path, listen: &str) -> Command {
    let tollgate = programs::tollgate();
    // Compiled components are the same for all gates of a run.
    let cache = tollgate.with_file_name("scenarios-cache");
    let mut command = Command::new(tollgate);
    command.args(["up", "--listen", listen, "--data"]).arg(data);
    command.arg("--manifest").arg(manifest).arg("--cache").arg(cache);
    if let Some(folder) = manifest.parent().filter(|folder| folder.is_dir()) {
        command.current_dir(folder);
    }
    command
}
