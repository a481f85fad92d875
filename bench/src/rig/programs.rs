//! Where the programs are, and which versions they are.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::child;

const LIMIT: Duration = Duration::from_secs(10);

/// The programs that the bench runs.
#[derive(Clone, Debug)]
pub struct Programs {
    pub tollgate: PathBuf,
    pub manifest: PathBuf,
    pub upstream: PathBuf,
    pub bare_proxy: PathBuf,
    pub wrk: PathBuf,
    pub oha: PathBuf,
}

impl Programs {
    /// # Errors
    /// One is missing, and which.
    pub fn find() -> Result<Self> {
        let given = |name: &str| {
            let path = env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
            path.with_context(|| format!("{name} is not set: run `cargo xtask bench`, which builds everything"))
        };
        let here = env::current_exe()?;
        let generator = |name: &str| in_path(name).with_context(|| format!("no `{name}` in the path"));
        Ok(Self {
            tollgate: given("TOLLGATE_BIN")?,
            manifest: given("TOLLGATE_MANIFEST")?,
            upstream: here.with_file_name("upstream"),
            bare_proxy: here.with_file_name("bare-proxy"),
            wrk: generator("wrk")?,
            oha: generator("oha")?,
        })
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        self.manifest.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."))
    }

    /// What each of them calls itself.
    pub fn versions(&self) -> BTreeMap<String, String> {
        let asked: [(&str, &Path, &str); 4] = [
            ("tollgate", &self.tollgate, "--version"),
            ("wrk", &self.wrk, "-v"),
            ("oha", &self.oha, "--version"),
            ("rustc", Path::new("rustc"), "--version"),
        ];
        asked.into_iter().map(|(name, program, flag)| (name.to_owned(), version(program, flag))).collect()
    }
}

/// The first line that a program prints, whatever its status: `wrk -v` fails.
fn version(program: &Path, flag: &str) -> String {
    // `sh` is between so that both outputs and any status will do.
    let mut command = Command::new("sh");
    command.args(["-c", r#""$0" "$1" 2>&1 | head -n 1"#]).arg(program).arg(flag);
    let printed = child::output("a version", &mut command, LIMIT).unwrap_or_default();
    printed.trim().to_owned()
}

/// A program in the path.
pub fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}
