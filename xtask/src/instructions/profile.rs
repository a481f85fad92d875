//! Reads what callgrind writes: how many instructions ran in which function, itself and not what it called.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Machine code that belongs to no file on disk: the components, compiled by the host.
pub const COMPONENTS: &str = "(code of the components)";
/// Functions a file without symbols has.
const NAMELESS: &str = "???";

/// Instructions of one stretch of work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub total: u64,
    pub functions: BTreeMap<String, u64>,
}

impl Profile {
    /// Parses one dump in callgrind's format, version 1.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut objects, mut functions) = (Names::default(), Names::default());
        let mut profile = Self::default();
        let (mut object, mut function) = (String::new(), String::new());
        let mut total = None;
        let mut is_callee = false;
        for line in text.lines() {
            if let Some((key, value)) = line.split_once('=') {
                match key {
                    "ob" => object = objects.resolve(value)?,
                    "fn" => function = functions.resolve(value)?,
                    // A callee may be where a name is told for the first time.
                    "cob" => drop(objects.resolve(value)?),
                    "cfn" => drop(functions.resolve(value)?),
                    // The line after it has the cost of what was called, which is counted there.
                    "calls" => is_callee = true,
                    _ => {}
                }
            } else if let Some(value) = line.strip_prefix("totals:") {
                total = Some(value.trim().parse().with_context(|| format!("not a number: {line}"))?);
            } else if line.starts_with(['+', '-', '*']) || line.starts_with(|first: char| first.is_ascii_digit()) {
                let cost = line.split(' ').nth(1).map_or(Ok(0), str::parse::<u64>);
                let cost = cost.with_context(|| format!("not a cost: {line}"))?;
                if !std::mem::take(&mut is_callee) {
                    *profile.functions.entry(label(&object, &function)).or_default() += cost;
                }
            }
        }
        profile.total = total.context("the profile has no total: was it written to its end?")?;
        Ok(profile)
    }

    /// The same for one of `calls` calls.
    pub fn per_call(&self, calls: u64) -> Self {
        let functions = self.functions.iter().map(|(name, count)| (name.clone(), count / calls)).collect();
        Self { total: self.total / calls, functions }
    }

    /// The `n` functions that cost most.
    pub fn largest(&self, n: usize) -> BTreeMap<String, u64> {
        let mut all: Vec<_> = self.functions.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        all.into_iter().take(n).map(|(name, count)| (name.clone(), *count)).collect()
    }
}

/// Callgrind tells a name once, as `(7) name`, and then only its number.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn resolve(&mut self, value: &str) -> Result<String> {
        let (number, name) = value.split_once(')').with_context(|| format!("not a name: {value}"))?;
        let name = name.trim();
        if !name.is_empty() {
            self.0.insert(number.to_owned(), name.to_owned());
        }
        self.0.get(number).cloned().with_context(|| format!("a name that was never told: {value}"))
    }
}

/// What a function is called in reports, the same after each build.
fn label(object: &str, function: &str) -> String {
    if object == NAMELESS {
        return COMPONENTS.into();
    }
    if function.starts_with("0x") || function == NAMELESS {
        let file = object.rsplit('/').next().unwrap_or(object);
        return format!("(nameless, in {file})");
    }
    // The second level of a recursion is listed apart, as `name'2`.
    let name = function.rsplit_once('\'').filter(|(_, level)| level.parse::<u32>().is_ok());
    let name = name.map_or(function, |(name, _)| name);
    // A mangled name ends with a hash that is another one after each change.
    let plain = name
        .rsplit_once("::h")
        .filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    plain.map_or(name, |(name, _)| name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
# callgrind format
version: 1
cmd:  /bin/gate up --variable a=b
positions: line
events: Ir
summary: 190

ob=(1) /bin/gate
fl=(1) src/a.rs
fn=(1) gate::serve::h0123456789abcdef
10 5
+2 7
fi=(2) core/b.rs
* 3
cob=(2) ???
cfi=(3) ???
cfn=(3) 0x00000000281969a0
calls=2 0
12 100
-3 1
fn=(4) gate::walk'2
1 20

ob=(2)
fl=(3)
fn=(3)
0 100

ob=(3) /lib/libc.so.6
fn=(5) 0x0000000000001000
0 4
fn=(6) malloc
0 50

totals: 190
";

    #[test]
    fn what_a_function_calls_is_not_its_own() {
        let profile = Profile::parse(DUMP).unwrap();
        let expected = [
            (COMPONENTS, 100),
            ("(nameless, in libc.so.6)", 4),
            ("gate::serve", 16),
            ("gate::walk", 20),
            ("malloc", 50),
        ];
        let functions = expected.map(|(name, count)| (name.to_owned(), count)).into();
        assert_eq!(profile, Profile { total: 190, functions });
        assert_eq!(profile.functions.values().sum::<u64>(), profile.total);
    }

    #[test]
    fn a_share_of_it_and_its_largest_functions() {
        let profile = Profile::parse(DUMP).unwrap().per_call(2);
        assert_eq!((profile.total, profile.functions["malloc"]), (95, 25));
        let largest: Vec<_> = profile.largest(2).into_iter().collect();
        assert_eq!(largest, [(COMPONENTS.to_owned(), 50), ("malloc".to_owned(), 25)]);
    }

    #[test]
    fn a_damaged_dump_is_an_error() {
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", Profile::parse(text).unwrap_err());
            assert!(error.contains(expected), "{text:?}: {error}");
        };
        check("", "no total");
        check("ob=(1) /bin/gate\nfn=(1) f\n0 5\n", "no total");
        check("fn=(1)\n", "never told: (1)");
        check("fn=f\n", "not a name: f");
        check("ob=(1) a\nfn=(1) f\n0 many\n", "not a cost: 0 many");
        check("totals: lots\n", "not a number: totals: lots");
    }
}
