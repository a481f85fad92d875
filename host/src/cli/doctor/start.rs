//! What a start would find: the same look that `up` takes, and who has its address.

use std::net::SocketAddr;

use tollgate::{Options, examine};

use super::finding::Finding;
use super::{port, processes};

/// Words that `examine` begins a finding with, why it matters, and what to do.
const KINDS: [(&str, &str, &str); 6] = [
    (
        "manifest ",
        "Nothing starts without it, neither here nor under Spin.",
        "name the manifest with --manifest, or put right the key that is named",
    ),
    (
        "variables",
        "A gate checks its settings before it starts, so that no request finds out first.",
        "give the variable as SPIN_VARIABLE_<NAME>; `tollgate keys new` prints keys",
    ),
    (
        "component ",
        "Its routes can't be served.",
        "build it with the manifest's command: `spin build`, or `tollgate doctor --fix`",
    ),
    ("engine", "Components can't be compiled here.", "give --data and --cache folders that this user may write"),
    ("address ", "The gate can't listen there.", "tollgate up --listen 127.0.0.1:0"),
    (
        "store ",
        "Caps are counted there: without it nobody is served.",
        "start that server, or name another one with --kv",
    ),
];

pub fn look(options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in examine(options) {
        let (why, mend) = KINDS
            .iter()
            .find(|(word, ..)| found.what.starts_with(word))
            .map_or(("", ""), |(_, why, mend)| (*why, *mend));
        findings.extend(found.warnings.iter().map(|said| Finding::warning(&found.what, said).because(why)));
        match found.problem {
            None if found.warnings.is_empty() => findings.push(Finding::ok(found.what)),
            None => {}
            Some(said) if found.what.starts_with("address ") => {
                findings.push(taken(options.listen, &found.what, &said))
            }
            Some(said) => findings.push(Finding::problem(found.what, said).because(why).mend(mend)),
        }
    }
    findings
}

/// By whom: a gate that serves is no fault, only nothing that a second one can start beside.
fn taken(listen: SocketAddr, what: &str, said: &str) -> Finding {
    let holder = port::holder(listen);
    let by = holder.as_ref().map(|process| format!("; {process} listens there")).unwrap_or_default();
    let serves = port::is_gate(listen);
    let said = format!("{said}{by}");
    let finding = if serves {
        Finding::warning(what, format!("{said}, and is a gate that serves"))
            .because("A second one can't listen there too.")
    } else {
        Finding::problem(what, said).because("The gate can't listen there.")
    };
    let other = "tollgate up --listen 127.0.0.1:0";
    match holder {
        Some(processes::Process { pid, .. }) => finding.mend(format!("kill {pid}, if it isn't needed; or {other}")),
        None => finding.mend(other),
    }
}
