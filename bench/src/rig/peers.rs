//! Other gateways, where they are installed: each is started by a script in `bench/peers`, and none is ever needed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::child::{self, Child};
use super::contestant::{CHAT, Contestant, Load, MODEL};
use crate::plan::Deadline;

/// LiteLLM imports for half a minute on a small machine.
const START_LIMIT: Duration = Duration::from_secs(75);
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// The scripts by what they start, in the order of the results.
pub const SCRIPTS: [&str; 4] = ["eggrd", "litellm-rs", "portkey", "litellm"];

/// A running peer.
pub struct Peer {
    _child: Child,
    pub contestant: Contestant,
    pub version: String,
}

/// What a script says before it becomes the peer.
#[derive(Debug, Default, PartialEq)]
struct Said {
    url: Option<String>,
    model: Option<String>,
    version: Option<String>,
    headers: Vec<(String, String)>,
}

impl Peer {
    /// Starts one and waits until it answers a chat call.
    ///
    /// # Errors
    /// It is not installed, or does not work here: why.
    pub fn start(name: &str, root: &Path, logs: &Path, upstream: &str, until: Deadline) -> Result<Self> {
        let script = root.join("bench/peers").join(format!("{name}.sh"));
        let log = logs.join(format!("{name}.log"));
        let mut command = Command::new("sh");
        command.arg(script).args(["start", &free_port()?.to_string(), upstream]).current_dir(logs);
        command.stdout(Stdio::piped());
        child::log_to(&mut command, &log)?;
        let mut child = Child::spawn(name, &mut command)?;
        let lines = child.lines();
        let until = until.within(START_LIMIT);
        let said = listen(&lines, until).with_context(|| last_line(&log))?;
        let base = said.url.context("its script does not say its url")?;
        let load = Load::chat_with(&base, CHAT, said.model.as_deref().unwrap_or(MODEL), said.headers);
        while let Err(error) = load.try_once("choices") {
            if let Some(status) = child.ended()? {
                bail!("it ended ({status}): {}", last_line(&log));
            }
            if until.left().is_zero() {
                return Err(error.context("it never answered a chat call"));
            }
            std::thread::sleep(TRY_AGAIN);
        }
        let contestant = Contestant { name: name.to_owned(), load, process: child.id(), is_peer: true };
        Ok(Self { _child: child, contestant, version: said.version.unwrap_or_default() })
    }
}

/// Reads a script's lines up to `ready`.
fn listen(lines: &Receiver<String>, until: Deadline) -> Result<Said> {
    let mut said = Said::default();
    loop {
        match lines.recv_timeout(until.left()) {
            Ok(line) if line == "ready" => return Ok(said),
            Ok(line) => said.take(&line),
            Err(RecvTimeoutError::Timeout) => bail!("its script says nothing"),
            Err(RecvTimeoutError::Disconnected) => bail!("not installed, or not startable"),
        }
    }
}

impl Said {
    fn take(&mut self, line: &str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        let rest = rest.trim().to_owned();
        match word {
            "url" => self.url = Some(rest),
            "model" => self.model = Some(rest),
            "version" => self.version = Some(rest),
            "header" => {
                let header =
                    rest.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
                self.headers.extend(header);
            }
            _ => {}
        }
    }
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_how_its_peer_is_called() {
        let (sender, lines) = std::sync::mpsc::channel();
        let script = ["version 1.2", "url http://127.0.0.1:9", "noise", "model openai/x", "header A: b: c", "ready"];
        script.iter().for_each(|line| sender.send((*line).to_owned()).unwrap());
        let expected = Said {
            url: Some("http://127.0.0.1:9".into()),
            model: Some("openai/x".into()),
            version: Some("1.2".into()),
            headers: vec![("A".into(), "b: c".into())],
        };
        let until = Deadline::after(Duration::from_secs(5));
        assert_eq!(listen(&lines, until).unwrap(), expected);
        drop(sender);
        assert!(listen(&lines, until).unwrap_err().to_string().contains("not installed"));
    }
}
