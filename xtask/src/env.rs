//! `cargo xtask env`: a development gate's address and keys as shell exports, so that commands can be pasted.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::keys::DevKeys;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// Address of the gate
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// Folder of the gate's data and the development keys [default: .tollgate in the repository]
    #[arg(long)]
    data: Option<PathBuf>,
}

pub fn run(workspace: &Workspace, args: Args) -> Result<ExitCode> {
    let data = args.data.unwrap_or_else(|| workspace.root.join(".tollgate"));
    println!("{}", exports(&args.url, &read(&data)?)?);
    Ok(ExitCode::SUCCESS)
}

fn read(data: &Path) -> Result<DevKeys> {
    let missing = || format!("{} has no development keys; start a gate with `cargo xtask up` first", data.display());
    anyhow::ensure!(data.join("dev-keys.json").is_file(), missing());
    DevKeys::load_or_make(data).with_context(missing)
}

fn exports(url: &str, keys: &DevKeys) -> Result<String> {
    let demo =
        keys.demo.as_ref().context("the demo tenant is not made yet; wait until `cargo xtask up` says it is up")?;
    // Keys hold only letters, digits and `_-+/=`; the quotes are for the address.
    let lines = [
        ("TOLLGATE_URL", url),
        ("TOLLGATE_ADMIN_KEY", &keys.admin_key),
        ("TOLLGATE_PUBLISHABLE_KEY", &demo.publishable_key),
        ("TOLLGATE_SECRET_KEY", &demo.secret_key),
    ];
    Ok(lines.map(|(name, value)| format!("export {name}='{value}'")).join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::TenantKeys;

    #[test]
    fn keys_become_exports() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err(), "nothing is made by asking");
        let mut keys = DevKeys::load_or_make(folder.path()).unwrap();
        assert!(exports("http://h", &keys).is_err());
        keys.demo = Some(TenantKeys { publishable_key: "tg_pk_1".into(), secret_key: "tg_sk_1".into() });
        let text = exports("http://h", &keys).unwrap();
        assert!(text.starts_with("export TOLLGATE_URL='http://h'\nexport TOLLGATE_ADMIN_KEY='tg_admin_"));
        assert!(text.ends_with("export TOLLGATE_SECRET_KEY='tg_sk_1'"));
    }
}
