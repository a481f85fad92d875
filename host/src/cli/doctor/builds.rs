//! Components that aren't built, and what is missing to build them.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tollgate::manifest::{Build, Manifest};

use super::Mode;
use super::finding::Finding;
use crate::cli::out;

const TARGET: &str = "wasm32-wasip2";
const ADD_TARGET: &str = "rustup target add wasm32-wasip2";
/// How long a tool has to answer a question.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long one build may take.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const PAUSE: Duration = Duration::from_millis(50);

/// Looks only where something is missing: who has all components needs no compiler.
pub fn look(manifest: &Manifest, mode: Mode) -> Vec<Finding> {
    let missing = missing(manifest);
    if missing.is_empty() {
        return Vec::new();
    }
    let builds = builds(manifest, &missing);
    let mut findings = Vec::new();
    // Whoever has no sources can't build: the look at the start names the file.
    if builds.is_empty() {
        return findings;
    }
    findings.push(target(mode));
    for build in builds {
        let what = "components";
        let said = format!("`{}` hasn't been run", build.command);
        let why = "Without them there is nothing to start.";
        let shown = format!("(cd {} && {})", build.folder.display(), build.command);
        findings.push(match mode {
            Mode::Look => Finding::problem(what, said).because(why).mend(shown),
            Mode::Fix => {
                out::aside(&format!("running {shown}"));
                match run(Command::new("sh").args(["-c", &build.command]).current_dir(&build.folder), BUILD_LIMIT) {
                    Ok(()) => Finding::mended(what, format!("ran `{}`", build.command)),
                    Err(error) => {
                        Finding::problem(what, format!("`{}`: {error:#}", build.command)).because(why).mend(shown)
                    }
                }
            }
        });
    }
    findings
}

/// Files that the manifest names and that aren't there.
fn missing(manifest: &Manifest) -> BTreeSet<PathBuf> {
    let components = manifest.components.values();
    let sources = components.flat_map(|component| {
        component.dependencies.values().map(|dependency| &dependency.source).chain([&component.source])
    });
    sources.filter(|source| !source.is_file()).cloned().collect()
}

/// What the manifest builds these files by, each once.
fn builds<'a>(manifest: &'a Manifest, missing: &BTreeSet<PathBuf>) -> BTreeSet<&'a Build> {
    let wanted = manifest.components.values().filter(|component| missing.contains(&component.source));
    wanted.filter_map(|component| component.build.as_ref()).collect()
}

fn target(mode: Mode) -> Finding {
    let what = format!("the compiler's target {TARGET}");
    let why = "Components are compiled for it.";
    match has_target() {
        Ok(true) => Finding::ok(what),
        Ok(false) if mode == Mode::Fix => {
            out::aside(&format!("running {ADD_TARGET}"));
            match run(Command::new("rustup").args(["target", "add", TARGET]), BUILD_LIMIT) {
                Ok(()) => Finding::mended(what, "added"),
                Err(error) => Finding::problem(what, format!("{error:#}")).because(why).mend(ADD_TARGET),
            }
        }
        Ok(false) => Finding::problem(what, "it isn't there").because(why).mend(ADD_TARGET),
        Err(error) => {
            let rust = "install Rust from https://rustup.rs, then: rustup target add wasm32-wasip2";
            Finding::problem(what, format!("{error:#}")).because(why).mend(rust)
        }
    }
}

fn has_target() -> Result<bool> {
    let mut command = Command::new("rustc");
    let mut child = command
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("rustc can't be run")?;
    let succeeded = ended(&mut child, ANSWER_LIMIT)?;
    let mut said = String::new();
    if let Some(out) = &mut child.stdout {
        out.read_to_string(&mut said).context("reading what rustc says")?;
    }
    Ok(succeeded && Path::new(said.trim()).is_dir())
}

/// What it says goes to standard error: standard output is ours.
fn run(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command.stdin(Stdio::null()).stdout(std::io::stderr()).spawn().context("it can't be run")?;
    ensure!(ended(&mut child, limit)?, "it failed");
    Ok(())
}

/// Whether it has succeeded, once it has ended. It gets no longer than the limit.
fn ended(child: &mut Child, limit: Duration) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= end {
            // Gone or not: nobody waits for it any longer.
            let _ = child.kill();
            let _ = child.wait();
            bail!("it took longer than {limit:?}");
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "x"
[[trigger.http]]
route = "/..."
component = "site"
[component.site]
source = "target/site.wasm"
[component.site.build]
command = "mkdir -p target && touch target/site.wasm"
[component.other]
source = "target/other.wasm"
[component.other.build]
command = ["one", "two"]
workdir = "below"
[component.bought]
source = "bought.wasm"
"#;

    #[test]
    fn ops_5_what_isnt_built_is_built_by_the_manifests_command() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spin.toml");
        fs::write(&file, MANIFEST).unwrap();
        let manifest = Manifest::load(&file).unwrap();
        let found = || builds(&manifest, &missing(&manifest));
        assert_eq!(missing(&manifest).len(), 3);
        let site = "mkdir -p target && touch target/site.wasm";
        assert_eq!(found().iter().map(|build| &*build.command).collect::<Vec<_>>(), [site, "one && two"]);
        assert!(found().iter().any(|build| build.folder == folder.path().join("below")));
        run(Command::new("sh").args(["-c", site]).current_dir(folder.path()), ANSWER_LIMIT).unwrap();
        assert_eq!(found().iter().map(|build| &*build.command).collect::<Vec<_>>(), ["one && two"]);
    }

    #[test]
    fn ops_5_a_command_that_hangs_is_given_up() {
        let started = Instant::now();
        let said = run(Command::new("sleep").arg("60"), Duration::from_millis(200)).unwrap_err().to_string();
        assert!(said.contains("took longer") && started.elapsed() < Duration::from_secs(10), "{said}");
        assert!(run(&mut Command::new("false"), ANSWER_LIMIT).is_err());
        assert!(run(&mut Command::new("there-is-no-such-program"), ANSWER_LIMIT).is_err());
    }
}
