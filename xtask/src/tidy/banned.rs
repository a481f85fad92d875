//! Names that must not appear, where they must not appear, and what to use instead.

use super::Finding;
use super::source::{code, lines_with, shipped_code};
use super::tree::{Tree, is_core, is_test_file};

/// Forbidden names with the way out.
type Names = &'static [(&'static [&'static str], &'static str)];

const COMPARE_AND_SWAP: Names = &[(
    &["atomics::swap", "Cas::new", "Cas::current"],
    "use `increment` with a counter, a numbered log or a once (Spin's Redis and SQLite stores break compare-and-swap)",
)];

const FLOATS: Names = &[(
    &["f32", "f64"],
    "use integers with a unit: `Nanos` for money, parts per million for ratios, `Millis` for time",
)];

const EFFECTS: Names = &[
    (&["SystemTime", "Instant::now"], "take `now` as a parameter; the component reads the clock"),
    (
        &["std::net", "TcpStream", "TcpListener", "UdpSocket"],
        "return the request as a value, the shell sends it (for addresses: `core::net`)",
    ),
    (&["getrandom", "rand::", "thread_rng", "OsRng"], "take the random bytes as a parameter; the component draws them"),
    (&["std::thread", "std::process", "std::fs", "std::env"], "a core computes; the shell or the host acts"),
];

const UNFINISHED: Names = &[
    (&["todo!", "unimplemented!"], "write it, or return an error that the caller can handle"),
    (&["dbg!"], "use `tracing` in the host, nothing in a core"),
];

pub fn compare_and_swap(tree: &Tree) -> Vec<Finding> {
    // The host and the conformance tests implement the interface for guests that are not ours.
    find(tree, COMPARE_AND_SWAP, |path| is_core(path) || path.starts_with("components/"), shipped_code)
}

pub fn floats(tree: &Tree) -> Vec<Finding> {
    find(tree, FLOATS, is_core, shipped_code)
}

pub fn effects(tree: &Tree) -> Vec<Finding> {
    find(tree, EFFECTS, is_core, shipped_code)
}

pub fn unfinished(tree: &Tree) -> Vec<Finding> {
    find(tree, UNFINISHED, |_| true, code)
}

/// Searches the files for which `applies` holds, as `view` shows them.
fn find(tree: &Tree, names: Names, applies: fn(&str) -> bool, view: fn(&str) -> String) -> Vec<Finding> {
    let looks_at_tests = applies("tests/any.rs");
    let files = tree.rust().filter(|(path, _)| applies(path) && (looks_at_tests || !is_test_file(path)));
    let mut findings = Vec::new();
    for (path, text) in files {
        let code = view(text);
        for (forbidden, instead) in names {
            for name in *forbidden {
                findings.extend(
                    lines_with(&code, name)
                        .into_iter()
                        .map(|line| Finding::error(path, line, format!("`{name}`: {instead}"))),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn compare_and_swap_is_for_the_host_alone() {
        let bad = "fn f() {\n    let cas = Cas::new(bucket, key);\n    atomics::swap(cas);\n}";
        check(
            compare_and_swap,
            &[("components/pre-flight/src/lib.rs", bad)],
            &[("components/pre-flight/src/lib.rs", 2), ("components/pre-flight/src/lib.rs", 3)],
        );
        check(compare_and_swap, &[("host/src/kv.rs", bad), ("crates/a/tests/b.rs", bad)], &[]);
        check(compare_and_swap, &[("crates/a/src/lib.rs", "// never Cas::new\nfn f() {}")], &[]);
    }

    #[test]
    fn floats_stay_out_of_the_cores() {
        let bad = "fn price(x: f64) -> i64 { 0 }";
        check(floats, &[("crates/money/src/lib.rs", bad)], &[("crates/money/src/lib.rs", 1)]);
        check(floats, &[("adapters/openai/src/lib.rs", "\n\nlet x = 1 as f32;")], &[("adapters/openai/src/lib.rs", 3)]);
        check(floats, &[("host/src/stats.rs", bad), ("crates/money/src/tests.rs", bad)], &[]);
        check(
            floats,
            &[("crates/money/src/lib.rs", "//! no f64\nfn f() {}\n#[cfg(test)]\nmod tests {\n    fn g(x: f64) {}\n}")],
            &[],
        );
    }

    #[test]
    fn cores_have_no_effects() {
        for bad in [
            "use std::time::SystemTime;",
            "let t = Instant::now();",
            "use std::net::TcpStream;",
            "let x = rand::random();",
            "std::fs::read(p)",
        ] {
            let found = effects(&Tree::of(&[("crates/log/src/lib.rs", bad)]));
            assert!(!found.is_empty(), "{bad}");
            assert!(effects(&Tree::of(&[("host/src/main.rs", bad)])).is_empty(), "{bad}");
        }
        check(effects, &[("crates/log/src/lib.rs", "use core::net::IpAddr; fn f(now: Millis, operand: X) {}")], &[]);
    }

    #[test]
    fn nothing_is_unfinished_anywhere() {
        let bad = "fn f() {\n    todo!()\n}";
        check(
            unfinished,
            &[("host/src/a.rs", bad), ("tests/scenarios/src/lib.rs", bad)],
            &[("host/src/a.rs", 2), ("tests/scenarios/src/lib.rs", 2)],
        );
        check(
            unfinished,
            &[("host/src/a.rs", "// todo! is banned\nlet s = \"dbg!\";"), ("x/src/bindings.rs", bad)],
            &[],
        );
    }
}
