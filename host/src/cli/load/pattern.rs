//! How many visitors come, and what each of them does.

use std::ops::Range;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::{Value, json};

/// The most calls that are played.
pub const MOST: f64 = 1_000_000.0;
const HOURS_OF_A_DAY: f64 = 24.0;

#[derive(Args, Clone)]
pub struct Pattern {
    /// Visitors a minute, on average.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub visitors_per_minute: f64,
    /// Hours of the day (UTC) in which they come, such as 9-21.
    #[arg(long, default_value = "0-24", value_name = "FROM-TO", value_parser = hours)]
    pub hours: Range<u64>,
    /// Seconds that each stays.
    #[arg(long, default_value_t = 180, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub stay: u64,
    /// Chat calls of each.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub chats: u64,
    /// Tokens that a chat call sends.
    #[arg(long, default_value_t = 800, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub input_tokens: u64,
    /// Tokens that come back, on average.
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub output_tokens: u64,
    /// Tokens that may come back at most: so much is held until the answer is there.
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_output_tokens: u64,
    /// Seconds that a chat call takes.
    #[arg(long, default_value_t = 4, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub chat_seconds: u64,
    /// How many visitors of a hundred meet the twin on video, as long as they stay.
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(0..=100))]
    pub video: u64,
    /// Seconds between two ticks of a video.
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub tick: u64,
    /// Days to play, from the first of a month of 31.
    #[arg(long, default_value_t = 31, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=31))]
    pub days: u64,
    /// Another number, another month of the same kind.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

fn hours(text: &str) -> Result<Range<u64>, String> {
    let read = || {
        let (from, to) = text.split_once('-')?;
        Some(from.parse().ok()?..to.parse().ok()?)
    };
    let hours: Option<Range<u64>> = read();
    hours
        .filter(|hours| hours.start < hours.end && hours.end <= 24)
        .ok_or_else(|| format!("`{text}` is no span of hours, such as 9-21"))
}

impl Pattern {
    /// Bounded work, and something to do.
    pub fn check(&self) -> Result<()> {
        let rate = self.visitors_per_minute;
        ensure!(
            rate.is_finite() && rate > 0.0 && rate <= 100_000.0,
            "--visitors-per-minute must be above 0, and at most 100000"
        );
        ensure!(self.output_tokens <= self.max_output_tokens, "--output-tokens must be at most --max-output-tokens");
        ensure!(self.chats > 0 || self.video > 0, "visitors who do nothing cost nothing: give --chats or --video");
        let (each, all) = (self.calls_of_each(), self.calls());
        ensure!(
            all <= MOST,
            "that would be {all:.0} calls ({each:.1} of each visitor), and at most {MOST:.0} are played: give fewer --days, and \
             scale the cost up"
        );
        Ok(())
    }

    fn calls_of_each(&self) -> f64 {
        let ticks = self.stay.div_ceil(self.tick) + 1;
        self.chats as f64 + ticks as f64 * self.video as f64 / 100.0
    }

    fn calls(&self) -> f64 {
        let open = (self.hours.end - self.hours.start) as f64 / HOURS_OF_A_DAY;
        self.visitors_per_minute * 1_440.0 * open * self.days as f64 * self.calls_of_each()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "visitors_per_minute": self.visitors_per_minute,
            "hours": format!("{}-{}", self.hours.start, self.hours.end),
            "stay_s": self.stay,
            "chats": self.chats,
            "video_percent": self.video,
            "days": self.days,
            "seed": self.seed,
        })
    }
}
