//! The results as Markdown, to be read and to be pasted.

use super::file::Report;
use super::record::{Row, Unit};

/// Everything that a reader wants to see at once.
pub fn render(report: &Report) -> String {
    let machine = &report.machine;
    let (source, plan) = (&report.source, &report.plan);
    let mut text = format!(
        "{}: {}, {} cores, {} MiB, Linux {}, load {}; commit {}{}; {} rounds{}\n\n",
        report.date,
        machine.cpu,
        machine.cores,
        machine.memory_mib,
        machine.kernel,
        machine.load_before,
        source.commit,
        if source.changed { " with changes" } else { "" },
        plan.rounds,
        if plan.quick { ", quick: not for publication" } else { "" },
    );
    text += "| case | size | contestant | measure | median | min..max | over direct | x direct | x bare |\n";
    text += "|---|---|---|---|---:|---:|---:|---:|---:|\n";
    text += &report.rows.iter().map(row).collect::<String>();
    text += "\n| target | limit | found | |\n|---|---:|---:|---|\n";
    for target in &report.targets {
        let (limit, found) = (amount(target.limit, target.unit), amount(target.found, target.unit));
        text += &format!("| {} | {limit} | {found} | {} |\n", target.what, if target.met { "met" } else { "missed" });
    }
    let left_out = report.skipped.iter().map(|skipped| ("left out", skipped));
    for (word, line) in left_out.chain(report.failures.iter().map(|failure| ("FAILED", failure))) {
        text += &format!("\n{word}: {}: {}", line.what, line.why);
    }
    text + "\n"
}

fn row(row: &Row) -> String {
    let measure = &row.measure;
    let unit = measure.unit;
    let number = |value: Option<f64>| value.map(|value| amount(value, unit)).unwrap_or_default();
    let times = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
    let spread = row.min.zip(row.max).map(|(min, max)| format!("{}..{}", digits(min), digits(max)));
    let median = if row.failed.is_some() { "FAILED".to_owned() } else { number(row.median) };
    // Added throughput means nothing.
    let added = row.minus_direct.filter(|_| unit != Unit::PerSecond);
    format!(
        "| {} | {} | {} | {} | {median} | {} | {} | {} | {} |\n",
        measure.case,
        measure.size,
        measure.contestant,
        measure.what,
        spread.unwrap_or_default(),
        number(added),
        times(row.by_direct),
        times(row.by_bare),
    )
}

fn amount(value: f64, unit: Unit) -> String {
    let unit = match unit {
        Unit::Microseconds => "us",
        Unit::Milliseconds => "ms",
        Unit::PerSecond => "/s",
        Unit::Kibibytes => "KiB",
    };
    format!("{} {unit}", digits(value))
}

/// Three digits say all that was measured.
fn digits(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Measure, Record};
    use crate::rig::contestant::DIRECT;

    #[test]
    fn lines_of_the_table() {
        let mut record = Record::default();
        let measure = |who: &str, what, unit| Measure::new("chat", "1 connection", who, what, unit);
        for (direct, gate) in [(50.0, 300.0), (52.0, 310.0), (54.0, 305.5)] {
            record.add(&measure(DIRECT, "p50", Unit::Microseconds), direct);
            record.add(&measure("gate", "p50", Unit::Microseconds), gate);
        }
        record.fail(&measure("peer", "p50", Unit::Microseconds), "429");
        record.add(&measure(DIRECT, "calls", Unit::PerSecond), 90_000.4);
        let lines: String = record.rows().iter().map(row).collect();
        let expected = "\
| chat | 1 connection | direct | p50 | 52.0 us | 50.0..54.0 | 0.0 us | 1.00 |  |
| chat | 1 connection | gate | p50 | 306 us | 300..310 | 252 us | 5.96 |  |
| chat | 1 connection | peer | p50 | FAILED |  |  |  |  |
| chat | 1 connection | direct | calls | 90000 /s | 90000..90000 |  | 1.00 |  |
";
        assert_eq!(lines, expected);
    }
}
