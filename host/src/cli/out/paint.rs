//! Colours: on a terminal alone, and not for whoever doesn't want them (`NO_COLOR`, <https://no-color.org>).

use std::env;
use std::io::IsTerminal;

/// What a word is like.
#[derive(Clone, Copy)]
pub enum Colour {
    Good,
    Doubtful,
    Bad,
    Heading,
    Quiet,
}

/// Whether to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paint {
    On,
    Off,
}

impl Paint {
    /// For what goes to standard output.
    pub fn of_stdout() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_none_or(|term| term == "dumb");
        Self::decide(std::io::stdout().is_terminal(), set("NO_COLOR").is_some(), dumb)
    }

    fn decide(terminal: bool, unwanted: bool, dumb: bool) -> Self {
        if terminal && !unwanted && !dumb { Self::On } else { Self::Off }
    }

    /// The text in a colour.
    pub fn of(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Good => "32",
            Colour::Doubtful => "33",
            Colour::Bad => "1;31",
            Colour::Heading => "1",
            Colour::Quiet => "2",
        };
        match self {
            Self::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_4_colours_are_for_a_terminal_whose_owner_wants_them() {
        for (terminal, unwanted, dumb, expected) in [
            (true, false, false, Paint::On),
            (true, true, false, Paint::Off),
            (true, false, true, Paint::Off),
            (false, false, false, Paint::Off),
        ] {
            assert_eq!(Paint::decide(terminal, unwanted, dumb), expected, "{terminal} {unwanted} {dumb}");
        }
        assert_eq!(Paint::Off.of(Colour::Bad, "x"), "x");
        assert_eq!(Paint::On.of(Colour::Good, "x"), "\x1b[32mx\x1b[0m");
    }
}
