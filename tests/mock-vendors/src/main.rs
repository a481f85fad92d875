//! `mock-vendors [--listen 127.0.0.1:0] [--token-ms 20] [--audio-ms 1000]`: serves the stand-ins until interrupted.

use std::process::ExitCode;
use std::time::Duration;

use mock_vendors::{Mock, Pace};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-vendors: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let mut listen = "127.0.0.1:0".to_owned();
    let mut pace = Pace::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let millis = || value.parse().map(Duration::from_millis).map_err(|_| format!("{value} is not a number"));
        match argument.as_str() {
            "--listen" => listen = value,
            "--token-ms" => pace.token = millis()?,
            "--audio-ms" => pace.audio = millis()?,
            _ => return Err(format!("{argument} is unknown; try --listen, --token-ms, --audio-ms")),
        }
    }
    let mock = Mock::start(&listen, pace).await.map_err(|error| format!("{listen}: {error}"))?;
    println!("listening on {}", mock.url());
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
