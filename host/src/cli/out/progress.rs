//! How far long work has come: a line that changes on standard error, where somebody looks at it, and nothing elsewhere.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::is_watched;

/// So often the line moves, also while nothing can be counted.
const TICK: Duration = Duration::from_millis(120);
const KNOWN: &str = "{what} {bar:24} {done} of {all}  {rate}  {left}";
const OPEN: &str = "{spinner} {what} {done}  {rate}";
const UNCOUNTED: &str = "{spinner} {what}  {elapsed}";

/// Whether any of it is shown: only then is it worth finding out how much there is to do. Whoever wants JSON is a program.
pub fn is_shown() -> bool {
    is_watched() && !std::env::args_os().any(|argument| argument == "--json")
}

/// Work that takes long. Dropped, its line is gone.
pub struct Progress(ProgressBar);

impl Progress {
    /// Work in steps, of which so many are to be done, where that is known.
    pub fn begin(what: &'static str, of: Option<u64>) -> Self {
        Self::on(target(), what, if of.is_some() { KNOWN } else { OPEN }, of)
    }

    /// Work that can't be counted.
    pub fn uncounted(what: &'static str) -> Self {
        Self::on(target(), what, UNCOUNTED, None)
    }

    fn on(target: ProgressDrawTarget, what: &'static str, template: &str, of: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(of, target);
        if bar.is_hidden() {
            return Self(bar);
        }
        bar.set_style(style(what, template));
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So many steps more are done.
    pub fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    /// So many steps are done in all.
    pub fn reach(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    if is_shown() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// Without colours: it says all it has to say in letters.
fn style(what: &'static str, template: &str) -> ProgressStyle {
    // Writing into a line that is made in memory doesn't fail.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .with_key("what", move |_: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(what);
        })
        .with_key("done", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}", HumanCount(state.pos()));
        })
        .with_key("all", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}", HumanCount(state.len().unwrap_or_default()));
        })
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:.0} a second", state.per_sec());
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
            // Before anything is done there is nothing to tell it from.
            if state.pos() > 0 {
                let _ = write!(out, "{} left", HumanDuration(state.eta()));
            }
        })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use indicatif::TermLike;

    use super::*;

    /// A terminal of one line, which shows what was written last.
    #[derive(Clone, Debug, Default)]
    struct Line(Arc<Mutex<String>>);

    impl TermLike for Line {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Line {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }

        #[track_caller]
        fn comes_to_say(&self, expected: &[&str]) {
            let since = Instant::now();
            while !expected.iter().all(|expected| self.text().contains(expected)) {
                assert!(since.elapsed() < Duration::from_secs(10), "{expected:?} is not in: {}", self.text());
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn shown(template: &str, of: Option<u64>) -> (Line, Progress) {
        let line = Line::default();
        let target = ProgressDrawTarget::term_like(Box::new(line.clone()));
        (line, Progress::on(target, "reading entries", template, of))
    }

    #[test]
    fn ops_4_progress_has_count_rate_and_time_left_where_the_whole_is_known() {
        let (line, progress) = shown(KNOWN, Some(34_221));
        progress.advance(12_000);
        line.comes_to_say(&["reading entries", "12,000 of 34,221", "a second", " left", "=>"]);
        progress.reach(34_000);
        line.comes_to_say(&["34,000 of 34,221"]);
        drop(progress);
        assert_eq!(line.text().trim(), "", "the line is gone");
    }

    #[test]
    fn ops_4_progress_counts_also_where_the_whole_is_not_known() {
        let (line, progress) = shown(OPEN, None);
        progress.advance(1_500);
        line.comes_to_say(&["reading entries 1,500 ", "a second"]);
        assert!(!line.text().contains(" of "), "{}", line.text());
        let (line, _progress) = shown(UNCOUNTED, None);
        line.comes_to_say(&["reading entries", "0s"]);
    }

    #[test]
    fn ops_4_progress_is_silent_where_nobody_looks() {
        let progress = Progress::on(ProgressDrawTarget::hidden(), "reading entries", KNOWN, Some(10));
        progress.advance(3);
        assert!(progress.0.is_hidden());
    }
}
