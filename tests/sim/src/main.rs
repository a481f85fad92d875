//! `sim --seed N` plays one seed; `sim --minutes M` plays seeds until the time is over.

use std::{
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sim::{Failure, Totals, plan::DAY_LONG, play};

const CHAPTERS: u32 = 3;
const PROGRESS: Duration = Duration::from_secs(10);

enum Wanted {
    Seed(u64),
    For(Duration),
}

fn wanted() -> Result<Wanted, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is not a number"));
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Wanted::For(Duration::from_secs(600))),
        ["--seed", seed] => Ok(Wanted::Seed(number(seed)?)),
        ["--minutes", minutes] => Ok(Wanted::For(Duration::from_secs(60 * number(minutes)?))),
        _ => Err("usage: sim [--seed N | --minutes M]".into()),
    }
}

fn main() -> ExitCode {
    match wanted() {
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
        Ok(Wanted::Seed(seed)) => played(seed).map_or(ExitCode::FAILURE, |totals| {
            println!("sim: seed {seed}: {}", shown(&totals));
            ExitCode::SUCCESS
        }),
        Ok(Wanted::For(time)) => many(time),
    }
}

fn played(seed: u64) -> Option<Totals> {
    match play(seed, CHAPTERS, DAY_LONG) {
        Ok(totals) => Some(totals),
        Err(Failure { what, events }) => {
            events.iter().for_each(|event| println!("{event}"));
            println!("sim: seed {seed}: {what}");
            println!("sim: to see it again: cargo xtask sim --seed {seed}");
            None
        }
    }
}

fn many(time: Duration) -> ExitCode {
    let started = Instant::now();
    // Other seeds each time; each is printed where it fails.
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    println!("sim: seeds from {first} on, for {} s", time.as_secs());
    let (mut sum, mut seeds, mut told) = (Totals::default(), 0, Instant::now());
    while started.elapsed() < time {
        let Some(totals) = played(first + seeds) else { return ExitCode::FAILURE };
        seeds += 1;
        add(&mut sum, &totals);
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            println!("sim: {:4} s, {seeds} seeds: {}", started.elapsed().as_secs(), shown(&sum));
        }
    }
    println!("sim: {seeds} seeds held: {}", shown(&sum));
    ExitCode::SUCCESS
}

fn add(sum: &mut Totals, more: &Totals) {
    sum.operations += more.operations;
    sum.granted += more.granted;
    sum.denied += more.denied;
    sum.settled += more.settled;
    sum.overruns += more.overruns;
    sum.corrected += more.corrected;
    sum.crashes += more.crashes;
    sum.errors += more.errors;
    sum.time += more.time;
}

fn shown(totals: &Totals) -> String {
    let Totals { operations, granted, denied, settled, overruns, corrected, crashes, errors, time } = totals;
    let hours = time / calendar::HOUR;
    format!(
        "{operations} operations in {hours} virtual hours; permits: {granted} granted, {denied} denied, {settled} settled, \
         {overruns} overruns, {corrected} corrected; {crashes} crashes, {errors} errors"
    )
}
