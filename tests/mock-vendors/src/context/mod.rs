//! What a twin may know of the day: sports and news.

pub mod newsapi;
pub mod sportradar;
