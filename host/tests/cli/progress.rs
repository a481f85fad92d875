//! How far long work has come: shown to people, and to nobody else.

use std::process::Command;

use serde_json::{Value, json};

use super::gate::{Gate, told, tollgate};

const MONTH: &str =
    "load --price input_tokens=0.000001 --price output_tokens=0.000002 --days 4 --visitors-per-minute 3";

/// All that a terminal is given to show.
fn on_a_terminal(arguments: &str) -> String {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_tollgate"));
    let output = Command::new("script").args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn ops_4_long_work_shows_how_far_it_is_on_a_terminal_alone() {
    let shown = on_a_terminal(MONTH);
    assert!(shown.contains("playing hours") && shown.contains(" of 96"), "{shown}");
    assert!(!on_a_terminal(&format!("{MONTH} --json")).contains("playing hours"), "for a program");
    let (code, _, err) = told(tollgate(MONTH).output().unwrap());
    assert_eq!((code, err.as_str()), (Some(0), ""), "for nobody");
}

/// A gate whose lists have no end, though they have rows.
fn circle(_: &super::gate::Asked) -> (u16, Value) {
    (200, json!({"tenants": [{"id": "t", "company": "c"}], "next_cursor": "2"}))
}

#[test]
fn ops_4_a_list_that_goes_in_circles_is_told_and_not_followed() {
    let gate = Gate::start(circle);
    for command in ["tenant list --all", "check certificates"] {
        let (code, out, err) = told(gate.tollgate(command));
        assert!(code == Some(2) && format!("{out}{err}").contains("in circles"), "{command}: {code:?} {out}{err}");
        assert_eq!(gate.asked().len(), 2, "{command}");
    }
}
