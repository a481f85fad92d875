//! OPS-4: help, completions, exit status, and errors that say what to do next.

use std::io::Write;
use std::process::{Command, Stdio};

use super::gate::{Gate, told, tollgate};

const COMMANDS: [&str; 22] = [
    "up",
    "doctor",
    "new",
    "tenant list",
    "tenant show",
    "tenant set",
    "tenant bind",
    "tenant delete",
    "key list",
    "key create",
    "key revoke",
    "usage",
    "price list",
    "price adopt",
    "load",
    "completions",
    "audit verify",
    "check",
    "snapshot",
    "backup",
    "restore",
    "keys new",
];

#[test]
fn ops_4_every_help_has_examples_and_no_colours_where_nobody_looks() {
    for command in COMMANDS {
        let (code, out, err) = told(tollgate(&format!("{command} --help")).output().unwrap());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{command}");
        assert!(out.contains(&format!("Examples:\n  tollgate {command}")), "{command}: {out}");
        assert!(!out.contains('\x1b'), "{command}: {out}");
    }
    let (code, out, _) = told(tollgate("--help").output().unwrap());
    assert_eq!(code, Some(0));
    assert!(out.contains("Exit status of every command"), "{out}");
}

#[test]
fn ops_4_shells_take_the_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, err) = told(tollgate(&format!("completions {shell}")).output().unwrap());
        assert_eq!(code, Some(0), "{err}");
        assert!(script.contains("rotate-master"), "{shell}");
        // Those that are installed read it, and run nothing.
        let Ok(mut reader) = Command::new(shell).arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            assert_ne!(shell, "bash", "bash is everywhere");
            continue;
        };
        reader.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let read = reader.wait_with_output().unwrap();
        assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr));
    }
    assert_eq!(told(tollgate("completions sh").output().unwrap()).0, Some(2));
}

#[test]
fn ops_4_what_went_wrong_comes_with_what_to_do_next() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = |arguments: &str| tollgate(arguments).env("TOLLGATE_URL", format!("http://{nobody}")).output().unwrap();
    let (code, out, err) = told(at("tenant list --admin-key x"));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("next: nobody listens there") && err.contains("tollgate up"), "{err}");

    let (code, _, err) = told(tollgate("usage shop --url https://gate.example.com").output().unwrap());
    assert_eq!(code, Some(2));
    assert!(err.contains("TOLLGATE_ADMIN_KEY") && err.contains("TOLLGATE_SECRET_KEY"), "{err}");

    let gate = Gate::start(|asked| {
        let status = if asked.line.contains("/v1/usage") { 401 } else { 404 };
        (
            status,
            serde_json::json!({"error": {"type": "x", "code": null, "message": "Said by the gate.", "param": null}}),
        )
    });
    let (code, _, err) = told(gate.tollgate("usage shop"));
    assert_eq!(code, Some(2));
    assert!(err.contains("refuses the admin key: Said by the gate.") && err.contains("next: give the key"), "{err}");
    let (_, _, err) = told(gate.tollgate("tenant show shop"));
    assert!(err.contains("not found"), "{err}");

    let (code, _, err) = told(tollgate("tenant lst").output().unwrap());
    assert_eq!(code, Some(2));
    assert!(err.contains("list") && err.contains("--help"), "{err}");
}
