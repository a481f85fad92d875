//! Which component answers a path: the same rules as Spin's router.
//!
//! An exact route beats a wildcard; of several wildcards the one with the longest prefix wins. `/...` at the end matches the
//! prefix itself and everything below; `:name` matches one segment. A slash at the end of a path makes no difference.

use std::cmp::Ordering;
use std::fmt;

use anyhow::{Result, bail};

/// A parsed route pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    text: String,
    segments: Vec<Segment>,
    wildcard: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Named(String),
}

/// A path that matched.
#[derive(Debug, PartialEq, Eq)]
pub struct Match<'a, T> {
    pub target: &'a T,
    pub route: &'a Route,
    /// Its place among the patterns.
    pub place: usize,
    /// What the trailing wildcard covers, with its leading slash.
    pub path_info: String,
    /// The values of `:name` segments.
    pub named: Vec<(&'a str, String)>,
}

impl Route {
    /// Parses `/exact`, `/prefix/...`, `/with/:name`.
    pub fn parse(text: &str) -> Result<Self> {
        if !text.starts_with('/') {
            bail!("`{text}`: expected a path that begins with `/`");
        }
        let (path, wildcard) = match text.strip_suffix("/...") {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        let mut segments = Vec::new();
        for segment in split(path) {
            segments.push(match segment.strip_prefix(':') {
                Some("") => bail!("`{text}`: expected a name after `:`"),
                Some(name) => Segment::Named(name.into()),
                None if segment.contains(['*', '?', '#']) || segment == "..." => {
                    bail!("`{text}`: expected `/...` at the end as the only wildcard")
                }
                None => Segment::Literal(segment.into()),
            });
        }
        Ok(Self { text: text.into(), segments, wildcard })
    }

    /// The pattern without its wildcard.
    pub fn prefix(&self) -> &str {
        self.text.strip_suffix("/...").unwrap_or(&self.text)
    }

    /// Whether it is one path and no other.
    pub fn is_exact(&self) -> bool {
        !self.wildcard && self.segments.iter().all(|segment| matches!(segment, Segment::Literal(_)))
    }

    /// `None`: no match. Otherwise how many segments the pattern itself covers.
    fn matches(&self, path: &[&str]) -> bool {
        let long_enough =
            if self.wildcard { path.len() >= self.segments.len() } else { path.len() == self.segments.len() };
        long_enough
            && self.segments.iter().zip(path).all(|(segment, part)| match segment {
                Segment::Literal(literal) => literal == part,
                Segment::Named(_) => true,
            })
    }

    /// The better of two routes for one path comes first: segment by segment a literal before a name before the wildcard.
    fn precedence(&self, other: &Self) -> Ordering {
        for (own, others) in self.segments.iter().zip(&other.segments) {
            match (own, others) {
                (Segment::Literal(_), Segment::Named(_)) => return Ordering::Less,
                (Segment::Named(_), Segment::Literal(_)) => return Ordering::Greater,
                _ => {}
            }
        }
        other.segments.len().cmp(&self.segments.len()).then(self.wildcard.cmp(&other.wildcard))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    let trimmed = path.trim_matches('/');
    trimmed.split('/').filter(move |_| !trimmed.is_empty())
}

/// All routes of an application.
pub struct Routes<T>(Vec<(Route, T)>);

impl<T> Routes<T> {
    pub fn new(mut routes: Vec<(Route, T)>) -> Self {
        routes.sort_by(|(one, _), (other, _)| one.precedence(other));
        Self(routes)
    }

    /// The patterns, in the order of their places.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(route, _)| route.to_string())
    }

    /// Finds who answers `path` (without the query).
    pub fn find(&self, path: &str) -> Option<Match<'_, T>> {
        let parts: Vec<&str> = split(path).collect();
        let mut all = self.0.iter().enumerate();
        let (place, (route, target)) = all.find(|(_, (route, _))| route.matches(&parts))?;
        let mut path_info = String::new();
        if route.wildcard {
            for part in &parts[route.segments.len()..] {
                path_info.push('/');
                path_info.push_str(part);
            }
            if path.ends_with('/') {
                path_info.push('/');
            }
        }
        let named = route.segments.iter().zip(&parts);
        let named = named.filter_map(|(segment, part)| match segment {
            Segment::Named(name) => Some((name.as_str(), (*part).to_owned())),
            Segment::Literal(_) => None,
        });
        Some(Match { target, route, place, path_info, named: named.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(routes: &[&str], path: &str, expected: Option<(&str, &str)>) {
        let found = |order: Vec<&str>| {
            let routes = order.iter().map(|route| (Route::parse(route).unwrap(), ())).collect();
            Routes::new(routes).find(path).map(|found| (found.route.to_string(), found.path_info))
        };
        let expected = expected.map(|(route, info)| (route.to_owned(), info.to_owned()));
        assert_eq!(found(routes.to_vec()), expected, "{path} in {routes:?}");
        let backwards = routes.iter().rev().copied().collect();
        assert_eq!(found(backwards), expected, "{path}, routes backwards");
    }

    #[test]
    fn the_best_route_wins_in_any_order() {
        let all = ["/...", "/v1/...", "/v1/chat", "/v1/chat/...", "/v1/:id", "/health"];
        check(&all, "/", Some(("/...", "/")));
        check(&all, "/health", Some(("/health", "")));
        check(&all, "/health/", Some(("/health", "")));
        check(&all, "/healthy", Some(("/...", "/healthy")));
        check(&all, "/v1", Some(("/v1/...", "")));
        check(&all, "/v1/", Some(("/v1/...", "/")));
        check(&all, "/v1/chat", Some(("/v1/chat", "")));
        check(&all, "/v1/chat/completions", Some(("/v1/chat/...", "/completions")));
        check(&all, "/v1/other", Some(("/v1/:id", "")));
        check(&all, "/v1/other/more", Some(("/v1/...", "/other/more")));
        check(&all, "/v1/chatter", Some(("/v1/:id", "")));
    }

    #[test]
    fn wildcards_match_their_prefix_and_below() {
        check(&["/a/..."], "/a", Some(("/a/...", "")));
        check(&["/a/..."], "/a/", Some(("/a/...", "/")));
        check(&["/a/..."], "/a/b/c/", Some(("/a/...", "/b/c/")));
        check(&["/a/..."], "/ab", None);
        check(&["/a/..."], "/", None);
        check(&["/a"], "/a/b", None);
        check(&["/"], "/", Some(("/", "")));
        check(&["/"], "/a", None);
        check(&["/t/:id/keys"], "/t/x/keys", Some(("/t/:id/keys", "")));
        check(&["/t/:id/keys"], "/t/keys", None);
    }

    #[test]
    fn named_segments_are_captured() {
        let routes = Routes::new(vec![(Route::parse("/t/:id/...").unwrap(), ())]);
        let found = routes.find("/t/seven/x").unwrap();
        assert_eq!(found.named, [("id", "seven".to_owned())]);
        assert_eq!(found.route.prefix(), "/t/:id");
    }

    #[test]
    fn patterns_that_make_no_sense_are_refused() {
        for pattern in ["v1", "", "/a/.../b", "/a/*", "/:", "/a?b"] {
            assert!(Route::parse(pattern).is_err(), "{pattern}");
        }
    }
}
