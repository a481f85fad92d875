//! `cargo xtask build`: the components as `.wasm` files, then the native programs, each where everyone looks for them.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::spin_toml::{Component, Manifest};
use crate::workspace::Workspace;

pub const WASM_TARGET: &str = "wasm32-wasip2";
/// The gate, and the vendors it is tried against.
const NATIVE_PROGRAMS: [&str; 2] = ["tollgate", "mock-vendors"];
/// Bounds a build that hangs; a cold one takes minutes on a small machine.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
const SETUP_LIMIT: Duration = Duration::from_secs(5 * 60);

pub fn everything(workspace: &Workspace) -> Result<()> {
    let manifest = fs::read_to_string(workspace.spin_toml()).context("spin.toml can't be read")?;
    let manifest = Manifest::parse(&manifest)?;
    let steps: [(&str, &dyn Fn() -> Result<()>); 4] = [
        ("the target wasm32-wasip2", &|| ensure_wasm_target(workspace)),
        ("components", &|| components(workspace, &manifest)),
        ("native programs", &|| native_programs(workspace)),
        ("put in place", &|| put_in_place(workspace, &manifest)),
    ];
    let started = Instant::now();
    for (index, (name, step)) in steps.iter().enumerate() {
        let step_started = Instant::now();
        eprintln!("[{}/{}] {name} ...", index + 1, steps.len());
        step().with_context(|| format!("build step `{name}`"))?;
        eprintln!("[{}/{}] {name}: done in {:.1} s", index + 1, steps.len(), step_started.elapsed().as_secs_f32());
    }
    eprintln!("built in {:.1} s: {}", started.elapsed().as_secs_f32(), workspace.tollgate().display());
    Ok(())
}

/// Adds the standard library for Wasm when it is missing.
pub fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    // Ask the compiler first: a Rust that came without rustup may have the target all the same.
    let rustc = Command::new("rustc")
        .current_dir(&workspace.root)
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .output();
    if let Ok(output) = rustc
        && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.current_dir(&workspace.root).args(["target", "add", WASM_TARGET]);
    process::run("rustup target add", &mut rustup, SETUP_LIMIT).with_context(|| {
        format!("Rust's library for {WASM_TARGET} is missing; install rustup (https://rustup.rs) and run `rustup target add {WASM_TARGET}`")
    })
}

/// Builds what the manifest's build commands name: plain `cargo build` commands in one invocation, which uses all
/// cores, and then the others as they stand.
fn components(workspace: &Workspace, manifest: &Manifest) -> Result<()> {
    let mut packages: Vec<String> =
        manifest.components.iter().filter_map(Component::cargo_packages).flatten().collect();
    packages.sort();
    packages.dedup();
    if packages.is_empty() {
        bail!("spin.toml names no component that cargo builds");
    }
    eprintln!("      {}", packages.join(", "));
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--target", WASM_TARGET]);
    process::run("cargo build", cargo.args(packages.iter().flat_map(|name| ["-p", name])), BUILD_LIMIT)?;
    for component in manifest.components.iter().filter(|component| component.cargo_packages().is_none()) {
        let Some(command) = &component.build_command else { continue };
        eprintln!("      {}: {command}", component.id);
        let folder = workspace.root.join(component.workdir.as_deref().unwrap_or("."));
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(folder).env("CARGO_TARGET_DIR", &workspace.target);
        process::run(&component.id, &mut shell, BUILD_LIMIT)?;
    }
    Ok(())
}

fn native_programs(workspace: &Workspace) -> Result<()> {
    let present = NATIVE_PROGRAMS.iter().filter(|name| workspace.package(name).is_some());
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", "host"]).args(present.flat_map(|name| ["-p", name]));
    process::run("cargo build", &mut cargo, BUILD_LIMIT)
}

/// The gate goes to `release/tollgate`; components go to the repository's own `target/` when cargo builds elsewhere.
fn put_in_place(workspace: &Workspace, manifest: &Manifest) -> Result<()> {
    link(&workspace.native_program("tollgate"), &workspace.tollgate())?;
    if workspace.target == workspace.root.join("target") {
        return Ok(());
    }
    for file in manifest.components.iter().flat_map(|component| &component.files) {
        if let Some(inside_target) = file.strip_prefix("target/") {
            copy_if_changed(&workspace.target.join(inside_target), &workspace.root.join(file))?;
        }
    }
    Ok(())
}

/// Makes `to` another name of `from`, in one step: a gate that starts meanwhile finds the old file or the new one.
fn link(from: &Path, to: &Path) -> Result<()> {
    let fresh = scratch_name(to)?;
    if fs::hard_link(from, &fresh).is_err() {
        fs::copy(from, &fresh).with_context(|| format!("{} was not built", from.display()))?;
    }
    fs::rename(&fresh, to)?;
    // Renaming one hard link over another of the same file does nothing, and leaves the first.
    remove_if_present(&fresh)
}

fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let built = fs::read(from).with_context(|| format!("{} was not built", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == built) {
        return Ok(());
    }
    let fresh = scratch_name(to)?;
    fs::write(&fresh, built)?;
    fs::rename(&fresh, to).with_context(|| format!("{} can't be written", to.display()))
}

/// A free name beside `path`, in a folder that exists.
fn scratch_name(path: &Path) -> Result<std::path::PathBuf> {
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    let mut name = path.file_name().context("a file has a name")?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let scratch = folder.join(name);
    remove_if_present(&scratch)?;
    Ok(scratch)
}

fn remove_if_present(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_linked_again_after_each_build() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("host/tollgate"), folder.path().join("release/tollgate"));
        fs::create_dir(folder.path().join("host")).unwrap();
        assert!(link(&from, &to).unwrap_err().to_string().contains("was not built"));
        for build in ["one", "two"] {
            // Cargo replaces the file, it does not write into it.
            remove_if_present(&from).unwrap();
            fs::write(&from, build).unwrap();
            link(&from, &to).unwrap();
            link(&from, &to).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), build);
        }
        assert_eq!(fs::read_dir(folder.path().join("release")).unwrap().count(), 1, "no scratch file stays");
    }

    #[test]
    fn components_are_copied_only_when_they_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.wasm"), folder.path().join("target/a.wasm"));
        assert!(copy_if_changed(&from, &to).is_err());
        fs::write(&from, "one").unwrap();
        copy_if_changed(&from, &to).unwrap();
        let first = fs::metadata(&to).unwrap().modified().unwrap();
        copy_if_changed(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), first);
        fs::write(&from, "two").unwrap();
        copy_if_changed(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
    }
}
