//! What one flush of the device costs where the data is kept: the unit in which strict durability is paid.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

const FLUSHES: usize = 60;
/// A page, as the store's log appends it.
const PAGE: [u8; 4096] = [7; 4096];

/// Times of appends that are flushed, in microseconds.
pub fn times(folder: &Path) -> Result<Vec<f64>> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    std::fs::remove_file(path)?;
    Ok(times)
}
