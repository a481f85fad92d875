//! Tells the mock vendors about the gate, once it is seeded: where to report to, and, as the demo's director, whose books to
//! show and how to break things. The director has the keys so that no page needs them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::demo;
use crate::http::Api;
use crate::keys::{DevKeys, TenantKeys};
use crate::seed;

/// Vendors whose accounts name the address to report to. The others report to where a request says.
const REPORT_TO_ACCOUNTS: [&str; 4] = ["kie", "livekit", "telegram", "upload-post"];

/// The folder for drills below the data folder, made, and without a store that is down: what a director that was killed has left
/// would keep the gate from starting.
pub fn drills(data: &Path) -> Result<PathBuf> {
    let folder = data.join("drills");
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    match fs::remove_file(folder.join("store-down")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("a drill can't be ended"),
        _ => Ok(folder),
    }
}

/// Every step can be repeated.
pub fn introduce(mocks: &impl Api, keys: &DevKeys, port: u16, drills: &Path) -> Result<()> {
    let gate = format!("http://127.0.0.1:{port}");
    let TenantKeys { secret_key, .. } = keys.demo.as_ref().context("the gate was seeded")?;
    for vendor in REPORT_TO_ACCOUNTS {
        let url = format!("{gate}/v1/webhooks/{vendor}/demo");
        let hook = json!({"key": "", "url": url, "secret": demo::webhook_secret(vendor)});
        post(mocks, "/control", &json!({"vendor": vendor, "webhook": hook}))?;
    }
    let setup = json!({
        "gate": gate, "origins": seed::origins(port), "tenant": "demo", "secret_key": secret_key,
        "admin_key": keys.admin_key, "webhook_secret": demo::webhook_secret("openai"), "drills": drills,
    });
    post(mocks, "/control/director", &setup)
}

fn post(mocks: &impl Api, path: &str, body: &Value) -> Result<()> {
    let answer = mocks.call("POST", path, Some(body))?;
    if !(200..300).contains(&answer.status) {
        bail!("the mock vendors answered {} to {path}: {}", answer.status, answer.body);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Answer;
    use std::cell::RefCell;

    /// Mocks that take everything, or nothing.
    struct FakeMocks(RefCell<Vec<(String, Value)>>, u16);

    impl Api for FakeMocks {
        fn call(&self, _: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
            self.0.borrow_mut().push((path.to_owned(), body.cloned().unwrap_or_default()));
            Ok(Answer { status: self.1, body: "no".to_owned() })
        }
    }

    fn keys(folder: &Path) -> DevKeys {
        let mut keys = DevKeys::load_or_make(folder).unwrap();
        keys.demo = Some(TenantKeys { publishable_key: "tg_pk_1".into(), secret_key: "tg_sk_1".into() });
        keys
    }

    #[test]
    fn the_mocks_are_told_where_to_report_to_and_the_director_what_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let (mocks, keys) = (FakeMocks(RefCell::default(), 204), keys(folder.path()));
        introduce(&mocks, &keys, 3000, Path::new("/d/drills")).unwrap();
        let told = mocks.0.into_inner();
        let hook = json!({"key": "", "url": "http://127.0.0.1:3000/v1/webhooks/kie/demo", "secret": "wh-mock-kie"});
        assert_eq!(told[0], ("/control".to_owned(), json!({"vendor": "kie", "webhook": hook})));
        let (path, setup) = told.last().unwrap();
        assert_eq!(path, "/control/director");
        assert_eq!(setup["origins"], json!(["http://127.0.0.1:3000", "http://localhost:3000"]));
        assert_eq!((&setup["secret_key"], &setup["admin_key"]), (&json!("tg_sk_1"), &json!(keys.admin_key)));
        assert_eq!((&setup["webhook_secret"], &setup["drills"]), (&json!("wh-mock-openai"), &json!("/d/drills")));
    }

    #[test]
    fn a_refusal_is_told_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let mocks = FakeMocks(RefCell::default(), 403);
        let error = introduce(&mocks, &keys(folder.path()), 3000, Path::new("/d")).unwrap_err().to_string();
        assert!(error.contains("403 to /control"), "{error}");
    }

    #[test]
    fn a_drill_that_was_left_is_ended_before_the_gate_starts() {
        let data = tempfile::tempdir().unwrap();
        let folder = drills(data.path()).unwrap();
        for name in ["store-down", "cap-before"] {
            fs::write(folder.join(name), "25.00").unwrap();
        }
        assert_eq!(drills(data.path()).unwrap(), folder);
        assert!(!folder.join("store-down").exists());
        assert!(folder.join("cap-before").exists(), "the director puts that back");
    }
}
