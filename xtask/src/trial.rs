//! A gate for one suite: on a free port, in front of mock vendors, with data that is thrown away.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::stack::{Options, Programs, Stack, Vendors};
use crate::workspace::Workspace;

/// What a suite has to know of its gate, as variables of its environment.
pub type Variables = Vec<(&'static str, String)>;

/// Runs `suite` while its gate is up. Where that fails, the end of the gate's log is shown.
pub fn with_gate(workspace: &Workspace, suite: impl FnOnce(Variables) -> Result<()>) -> Result<()> {
    let folder = Scratch::new("gate")?;
    let log = folder.0.join("gate.log");
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.0.join("data"),
        vendors: Vendors::Mock,
        log: Some(log.clone()),
    };
    let result = Stack::start(&Programs::of(workspace), &options).and_then(|stack| {
        suite(variables(&stack)?)?;
        stack.stop()
    });
    if result.is_err() {
        eprintln!("--- the end of the gate's log:\n{}", tail(&fs::read_to_string(log).unwrap_or_default(), 40));
    }
    result
}

fn variables(stack: &Stack) -> Result<Variables> {
    let tenant = stack.keys.demo.as_ref().context("the gate was seeded")?;
    Ok(vec![
        ("TOLLGATE_URL", stack.url()),
        ("TOLLGATE_ADMIN_KEY", stack.keys.admin_key.clone()),
        ("TOLLGATE_PUBLISHABLE_KEY", tenant.publishable_key.clone()),
        ("TOLLGATE_SECRET_KEY", tenant.secret_key.clone()),
        ("MOCK_VENDORS_URL", stack.mocks_url.clone().context("the vendors are mocks")?),
    ])
}

/// A folder that goes when the run is over, however it went.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(purpose: &str) -> Result<Self> {
        let folder = env::temp_dir().join(format!("tollgate-test-{purpose}-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
        assert_eq!(tail("", 2), "");
    }

    #[test]
    fn scratch_data_goes_away() {
        let scratch = Scratch::new("one").unwrap();
        let other = Scratch::new("other").unwrap();
        let folder = scratch.0.clone();
        fs::write(folder.join("file"), "x").unwrap();
        drop(scratch);
        assert!(!folder.exists() && other.0.exists());
    }
}
