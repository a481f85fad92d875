//! Which answer a method and a path get, with every header that goes with it.

use std::borrow::Cow;

use crate::assets::{self, Asset, Kind};
use crate::reply::{Refusal, Reply};

/// What a page of ours may load: itself, and video rooms in a frame. No inline script or style, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; connect-src 'self'; img-src 'self' data:; \
     frame-src https: http://127.0.0.1:*; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'";

/// What the console may load: its own modules, sheets and pictures, and answers of its own gate. Nothing may be put into it,
/// it may be put into nothing, and no form of it goes anywhere.
pub const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What to do with a request. The two that touch the store are left to the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Send this.
    Answer(Reply),
    /// Refuse so.
    Refuse(Refusal),
    /// Read the settings and send them, without a body for HEAD.
    ReadSettings,
    /// Check the admin key and store the settings in the body.
    WriteSettings,
}

/// Decides. `if_none_match` is that header's value, if it was sent.
pub fn route(method: &str, path: &str, if_none_match: Option<&str>) -> Route {
    const READ: &[&str] = &["GET", "HEAD"];
    let reading = matches!(method, "GET" | "HEAD");
    match path {
        "/site.json" if reading => Route::ReadSettings,
        "/site.json" => Route::Refuse(Refusal::Method { allow: READ }),
        "/v1/site" if method == "PUT" => Route::WriteSettings,
        "/v1/site" => Route::Refuse(Refusal::Method { allow: &["PUT"] }),
        _ => match assets::find(path) {
            Some(asset) if reading => Route::Answer(serve(asset, method == "HEAD", if_none_match)),
            Some(_) => Route::Refuse(Refusal::Method { allow: READ }),
            None => Route::Refuse(Refusal::NotFound),
        },
    }
}

/// Whether the page at this path talks to the demo's director, where there is one.
pub fn has_director(path: &str) -> bool {
    assets::find(path).is_some_and(|asset| asset.kind() == Kind::Page)
}

/// The page for a gate whose demo has a director at this origin: it may connect there, too. No cache keeps it, since the next
/// start has another director.
pub fn directed(mut reply: Reply, origin: &str) -> Reply {
    let policy = CONTENT_SECURITY_POLICY.replace("connect-src 'self'", &format!("connect-src 'self' {origin}"));
    reply.headers.retain(|(name, _)| !matches!(*name, "content-security-policy" | "etag" | "cache-control"));
    reply.with("content-security-policy", policy).with("cache-control", "no-store")
}

fn serve(asset: &'static Asset, head: bool, if_none_match: Option<&str>) -> Reply {
    let kind = asset.kind();
    let unchanged = if_none_match.is_some_and(|header| names_tag(header, asset.tag.as_str()));
    // A 304 repeats the headers that a cache would store anew (RFC 9110, 15.4.5).
    let mut reply = Reply::new(if unchanged { 304 } else { 200 })
        .with("etag", asset.tag.as_str().to_owned())
        .with("cache-control", cache_control(kind))
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "strict-origin-when-cross-origin");
    if let Some(policy) = policy(kind) {
        reply = reply.with("content-security-policy", policy);
    }
    if kind == Kind::Module {
        // Other sites import the widget with `<script type="module">`, which is a CORS request without credentials.
        reply = reply.with("access-control-allow-origin", "*").with("cross-origin-resource-policy", "cross-origin");
    }
    if unchanged {
        return reply;
    }
    reply = reply.with("content-type", content_type(kind));
    if !head {
        reply.body = Cow::Borrowed(asset.bytes);
    }
    reply
}

fn policy(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Page => Some(CONTENT_SECURITY_POLICY),
        Kind::Console => Some(CONSOLE_POLICY),
        Kind::Style | Kind::Module | Kind::PageScript | Kind::Art => None,
    }
}

fn content_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Page | Kind::Console => "text/html; charset=utf-8",
        Kind::Style => "text/css; charset=utf-8",
        Kind::Module | Kind::PageScript => "text/javascript; charset=utf-8",
        Kind::Art => "image/svg+xml",
    }
}

/// Code is asked for anew each time, as the page's parts must come from one release (a 304 costs little); art may wait an hour.
fn cache_control(kind: Kind) -> &'static str {
    match kind {
        Kind::Art => "public, max-age=3600",
        Kind::Page | Kind::Console | Kind::Style | Kind::Module | Kind::PageScript => "no-cache",
    }
}

/// The weak comparison that If-None-Match asks for (RFC 9110, 13.1.2).
fn names_tag(header: &str, tag: &str) -> bool {
    header.trim() == "*" || header.split(',').map(str::trim).any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &str, path: &str, if_none_match: Option<&str>) -> Reply {
        match route(method, path, if_none_match) {
            Route::Answer(reply) => reply,
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    #[test]
    fn files_come_with_their_headers() {
        let check = |path: &str, kind: &str, csp: bool, cors: bool, cache: &str| {
            let reply = answer("GET", path, None);
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("content-type"), Some(kind), "{path}");
            assert_eq!(reply.header("content-security-policy").is_some(), csp, "{path}");
            assert_eq!(reply.header("access-control-allow-origin"), cors.then_some("*"), "{path}");
            assert_eq!(reply.header("cache-control"), Some(cache), "{path}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(reply.header("referrer-policy").is_some(), "{path}");
            assert!(!reply.body.is_empty(), "{path}");
        };
        check("/", "text/html; charset=utf-8", true, false, "no-cache");
        check("/widget/site.css", "text/css; charset=utf-8", false, false, "no-cache");
        check("/widget/demo/ledger.js", "text/javascript; charset=utf-8", false, false, "no-cache");
        check("/widget/tollgate-widget.js", "text/javascript; charset=utf-8", false, true, "no-cache");
        check("/widget/art/icon.svg", "image/svg+xml", false, false, "public, max-age=3600");
        check("/console", "text/html; charset=utf-8", true, false, "no-cache");
        check("/console/app.js", "text/javascript; charset=utf-8", false, false, "no-cache");
        check("/console/styles/tokens.css", "text/css; charset=utf-8", false, false, "no-cache");
    }

    #[test]
    fn head_has_the_headers_and_no_body() {
        let (head, get) = (answer("HEAD", "/", None), answer("GET", "/", None));
        assert_eq!(head.headers, get.headers);
        assert!(head.body.is_empty());
    }

    #[test]
    fn a_known_tag_is_answered_304() {
        let tag = answer("GET", "/", None).header("etag").unwrap().to_owned();
        let check = |header: &str, status: u16| {
            let reply = answer("GET", "/", Some(header));
            assert_eq!(reply.status, status, "{header}");
            assert_eq!(reply.body.is_empty(), status == 304, "{header}");
            assert_eq!(reply.header("etag"), Some(tag.as_str()), "{header}");
        };
        check(&tag, 304);
        check(&format!("W/{tag}"), 304);
        check(&format!("\"other\", {tag}"), 304);
        check("*", 304);
        check("\"other\"", 200);
        check(tag.trim_matches('"'), 200);
        check("", 200);
    }

    #[test]
    fn other_methods_and_paths_are_refused() {
        let check = |method: &str, path: &str, want: Refusal| {
            assert_eq!(route(method, path, None), Route::Refuse(want), "{method} {path}");
        };
        check("POST", "/", Refusal::Method { allow: &["GET", "HEAD"] });
        check("DELETE", "/widget/tollgate-widget.js", Refusal::Method { allow: &["GET", "HEAD"] });
        check("PUT", "/site.json", Refusal::Method { allow: &["GET", "HEAD"] });
        check("GET", "/v1/site", Refusal::Method { allow: &["PUT"] });
        check("GET", "/nowhere", Refusal::NotFound);
        check("DELETE", "/v1/nowhere", Refusal::NotFound);
        check("GET", "/widget/README.md", Refusal::NotFound);
        assert_eq!(route("HEAD", "/site.json", None), Route::ReadSettings);
        assert_eq!(route("PUT", "/v1/site", None), Route::WriteSettings);
    }

    #[test]
    fn the_pages_need_nothing_their_policy_forbids_and_what_they_point_to_is_served() {
        for path in ["/", "/demo/shop", "/demo/portal"] {
            let page = String::from_utf8(answer("GET", path, None).body.into_owned()).unwrap();
            // A snippet to paste is text: it has no `<`.
            for element in page.split('<').filter_map(|part| part.split('>').next()) {
                assert!(!element.starts_with("style"), "a <style> in {path}");
                for banned in [" style=", " onclick=", "javascript:", "src=\"http", "href=\"http"] {
                    assert!(!element.contains(banned), "{banned} in {path}");
                }
            }
            assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=\"/widget/").count());
            let parts = page.split('"').filter(|part| part.starts_with("/widget/")).collect::<Vec<_>>();
            assert!(parts.len() > 4, "{path} points to its parts");
            for part in parts {
                assert!(assets::find(part).is_some(), "{part} of {path}");
            }
        }
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }

    #[test]
    fn a_page_may_connect_to_its_director_and_no_cache_keeps_it() {
        for (path, expected) in [("/", true), ("/demo/shop", true), ("/demo/portal", true), ("/console", false)] {
            assert_eq!(has_director(path), expected, "{path}");
        }
        let reply = directed(answer("GET", "/demo/shop", None), "http://127.0.0.1:4000");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("; connect-src 'self' http://127.0.0.1:4000; img-src"), "{policy}");
        let plain = answer("GET", "/demo/shop", None);
        assert_eq!(plain.header("content-security-policy"), Some(CONTENT_SECURITY_POLICY));
        assert_eq!((reply.header("etag"), reply.header("cache-control")), (None, Some("no-store")));
        assert_eq!(reply.headers.iter().filter(|(name, _)| *name == "content-security-policy").count(), 1);
    }

    #[test]
    fn the_console_has_the_strictest_policy_and_needs_nothing_that_it_forbids() {
        let reply = answer("GET", "/console", None);
        assert_eq!(
            reply.header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            )
        );
        let page = String::from_utf8(reply.body.into_owned()).unwrap();
        for banned in ["<style", " style=", " onclick=", "javascript:", "src=\"http", "href=\"http", "/widget/"] {
            assert!(!page.contains(banned), "{banned} in console/index.html");
        }
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=\"/console/").count());
        let parts = page.split('"').filter(|part| part.starts_with("/console/")).collect::<Vec<_>>();
        assert!(parts.len() > 4, "the page points to its parts");
        for path in parts {
            assert!(assets::find(path).is_some(), "{path}");
        }
    }

    #[test]
    fn what_the_consoles_modules_import_is_served() {
        for asset in
            assets::ASSETS.iter().filter(|asset| asset.name.starts_with("console/") && asset.name.ends_with(".js"))
        {
            let source = std::str::from_utf8(asset.bytes).unwrap();
            let folder = asset.name.rsplit_once('/').unwrap().0;
            let imports = source.split('\'').filter(|part| part.starts_with("./") || part.starts_with("../"));
            for import in imports.filter(|part| part.ends_with(".js")) {
                let mut steps = folder.split('/').collect::<Vec<_>>();
                for step in import.split('/').filter(|step| *step != ".") {
                    match step {
                        ".." => steps.truncate(steps.len().saturating_sub(1)),
                        _ => steps.push(step),
                    }
                }
                let path = format!("/{}", steps.join("/"));
                assert!(assets::find(&path).is_some(), "{} imports {path}", asset.name);
            }
        }
    }
}
