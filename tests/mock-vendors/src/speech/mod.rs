//! What the speech vendors have in common: sound, and how it goes out.

mod ogg;
mod sound;

use std::time::Duration;

use crate::play::{Piece, Script};

pub use sound::{Sound, make};

/// How long it takes to say so many characters.
pub fn seconds(characters: usize) -> f64 {
    (characters as f64 / 15.0).clamp(0.5, 20.0)
}

/// About twenty pieces over `duration`.
pub fn script(sound: Sound, duration: Duration, mut headers: Vec<(&'static str, String)>) -> Script {
    let size = (sound.bytes.len() / 20).max(1);
    let pause = duration / 20;
    let pieces = sound.bytes.chunks(size).map(|chunk| Piece { pause, bytes: chunk.to_vec().into() }).collect();
    headers.push(("content-type", sound.content_type.to_owned()));
    Script { headers, pieces, repeat_from: 1 }
}
