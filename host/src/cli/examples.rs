//! Examples for the help of each command.

use clap::Command;

/// By the command's words; `tollgate` stands before each example.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "up",
        &["up", "up --listen 127.0.0.1:8080 --data /var/lib/tollgate", "up --kv redis://127.0.0.1:6379", "up --watch"],
    ),
    ("doctor", &["doctor", "doctor --fix", "doctor --url http://127.0.0.1:3000 --json"]),
    (
        "new",
        &[
            "new shop --origin https://shop.example.com",
            "new shop --origin https://shop.example.com --monthly 20.00 --chat openai/gpt-5.4-mini --json",
        ],
    ),
    ("tenant list", &["tenant list", "tenant list --limit 200 --json", "tenant list --all"]),
    ("tenant show", &["tenant show shop", "tenant show shop --json"]),
    ("tenant set", &["tenant set shop limits.monthly_cost_usd=50.00 limits.burst=20", "tenant set shop limits.burst="]),
    (
        "tenant bind",
        &[
            "tenant bind shop openai < openai.key",
            "tenant bind shop openai --mock --base-url http://127.0.0.1:4010/openai/v1",
        ],
    ),
    ("tenant delete", &["tenant delete shop --yes"]),
    ("key list", &["key list shop", "key list shop --json"]),
    ("key create", &["key create shop --kind publishable", "key create shop --kind secret --json"]),
    ("key revoke", &["key revoke shop key_5f0c"]),
    ("usage", &["usage shop", "usage shop --json"]),
    ("price list", &["price list", "price list --vendor openai --json"]),
    ("price adopt", &["price adopt openai", "price adopt tavus --placeholders"]),
    (
        "load",
        &[
            "load --visitors-per-minute 2 --monthly 25.00 --price input_tokens=0.0000004 --price output_tokens=0.0000016",
            "load --tenant shop --visitors-per-minute 2 --chats 5 --days 31 --json",
        ],
    ),
    ("completions", &["completions bash", "completions zsh", "completions fish"]),
    ("audit verify", &["audit verify", "audit verify --url http://127.0.0.1:3000 --json"]),
    ("audit receipt", &["audit receipt lc_01k9 -o receipt"]),
    ("audit check", &["audit check receipt", "audit check november.ndjson"]),
    (
        "audit export",
        &["audit export -o all.ndjson", "audit export --tenant shop --from 2026-11-01T00:00:00Z -o november.ndjson"],
    ),
    ("audit invoice", &["audit invoice --tenant shop --month 2026-11 --csv"]),
    ("check", &["check", "check structure secrets infra", "check --url http://127.0.0.1:3000 router log"]),
    ("snapshot", &["snapshot --url http://127.0.0.1:3000"]),
    ("snapshot diff", &["snapshot diff snapshot_2026-11-20_0005Z now"]),
    ("snapshot check", &["snapshot check snapshot.json"]),
    ("store fold", &["store fold --data /var/lib/tollgate"]),
    ("backup", &["backup /var/backups/tollgate --keep 14 --data /var/lib/tollgate"]),
    ("restore", &["restore tollgate-2026-11-20.db --data /var/lib/tollgate"]),
    ("keys new", &["keys new", "keys new --only admin"]),
    ("keys rotate-master", &["keys rotate-master --data /var/lib/tollgate"]),
];

/// What stands below the help of the whole.
const STATUS: &str = "Exit status of every command, unless its help says more: 0 done, or all is well; 1 the answer is no, or \
                      something is wrong; 2 it couldn't be done or found out, or the command line is wrong.";

/// Puts them into the help.
pub fn add(program: Command) -> Command {
    let whole = EXAMPLES.iter().fold(program, |program, (path, lines)| {
        let examples: String = lines.iter().map(|line| format!("\n  tollgate {line}")).collect();
        let words: Vec<&str> = path.split(' ').collect();
        at(program, &words, &format!("Examples:{examples}"))
    });
    whole.after_help(STATUS)
}

/// Only where there is such a command: clap would make one.
fn at(command: Command, words: &[&str], examples: &str) -> Command {
    match words {
        [] => command.after_help(examples.to_owned()),
        [first, rest @ ..] if command.find_subcommand(first).is_some() => {
            command.mut_subcommand(first, |inner| at(inner, rest, examples))
        }
        _ => command,
    }
}

/// Every command has examples, every example is of a command that there is, and is taken by it.
#[cfg(test)]
pub fn check(program: &Command) {
    for (path, lines) in EXAMPLES {
        for line in *lines {
            assert!(line.starts_with(path), "`{line}` is no example of `{path}`");
            let words = line.split(" < ").next().unwrap_or_default().split(' ');
            let taken = program.clone().try_get_matches_from(std::iter::once("tollgate").chain(words));
            assert!(taken.is_ok(), "`{line}`: {}", taken.unwrap_err());
        }
    }
    has_examples(program, "");
}

#[cfg(test)]
fn has_examples(command: &Command, path: &str) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let path = format!("{path}{}", inner.get_name());
        if inner.has_subcommands() {
            has_examples(inner, &format!("{path} "));
        } else {
            let help = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:"), "`{path}` has no example");
        }
        assert!(inner.get_about().is_some(), "`{path}` doesn't say what it does");
    }
}
