//! The files of the page, the console and the widget, embedded at build time, each with its type and its tag. The widget is one file,
//! made from `widget/src` by `npm run build` there and kept in the repository, so that a gate is built without node.

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// The path below `widget/`, which is also the path below `/widget/`.
    pub name: &'static str,
    pub bytes: &'static [u8],
    /// A strong ETag, quotes included: a digest of the bytes.
    pub tag: Tag,
}

/// What a file is, read from its name; everything else about serving it follows from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Page,
    /// The console's page, which has a policy of its own.
    Console,
    Style,
    /// The widget's module: other sites import it.
    Module,
    /// The page's own script: nobody else has a use for it.
    PageScript,
    Art,
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        /// Every file that is served. A test holds this list against the folder.
        pub static ASSETS: &[Asset] = &[$({
            const BYTES: &[u8] = include_bytes!(concat!("../../../widget/", $name));
            const TAG: Tag = Tag::of(BYTES);
            Asset { name: $name, bytes: BYTES, tag: TAG }
        }),*];
    };
}

assets![
    "index.html",
    "site.css",
    "tollgate-widget.js",
    "art/flags.svg",
    "art/harbour.svg",
    "art/icon.svg",
    "art/portrait.svg",
    "console/api.js",
    "console/app.js",
    "console/dom.js",
    "console/failure.js",
    "console/format.js",
    "console/icon.svg",
    "console/identity.js",
    "console/index.html",
    "console/metrics.js",
    "console/parts/bindings.js",
    "console/parts/chart.js",
    "console/parts/dialog.js",
    "console/parts/gauge.js",
    "console/parts/keys.js",
    "console/parts/limits-form.js",
    "console/parts/limits.js",
    "console/parts/live.js",
    "console/parts/ranks.js",
    "console/parts/scale.js",
    "console/parts/search.js",
    "console/parts/spending.js",
    "console/parts/table.js",
    "console/parts/tenant-filter.js",
    "console/parts/tenant-tabs.js",
    "console/parts/usage-bars.js",
    "console/poll.js",
    "console/pool.js",
    "console/proof/bytes.js",
    "console/proof/check.js",
    "console/proof/engine.js",
    "console/proof/entry.js",
    "console/proof/growth.js",
    "console/proof/json.js",
    "console/proof/memory.js",
    "console/proof/note.js",
    "console/proof/receipt.js",
    "console/proof/tiles.js",
    "console/proof/tree.js",
    "console/router.js",
    "console/shell.js",
    "console/sign-in.js",
    "console/styles/frame.css",
    "console/styles/log.css",
    "console/styles/parts.css",
    "console/styles/tokens.css",
    "console/styles/views.css",
    "console/views/log.js",
    "console/views/log/checkpoint.js",
    "console/views/log/corrections.js",
    "console/views/log/dates.js",
    "console/views/log/download.js",
    "console/views/log/entry.js",
    "console/views/log/filters.js",
    "console/views/log/invoice.js",
    "console/views/log/list.js",
    "console/views/log/prove.js",
    "console/views/log/receipt-file.js",
    "console/views/log/rows.js",
    "console/views/log/steps.js",
    "console/views/log/watch.js",
    "console/views/overview.js",
    "console/views/sessions.js",
    "console/views/tenant.js",
    "console/views/tenants.js",
    "console/views/usage.js",
    "console/views/vendors.js",
    "console/views/webhooks.js",
    "demo/break.js",
    "demo/demo.js",
    "demo/drop.svg",
    "demo/el.js",
    "demo/gate.css",
    "demo/ilse.svg",
    "demo/kettle.svg",
    "demo/ledger.js",
    "demo/page.css",
    "demo/portal.css",
    "demo/portal.html",
    "demo/shop.css",
    "demo/shop.html",
    "demo/wren.svg",
];

/// The one file that is other sites' business, too.
const WIDGET: &str = "tollgate-widget.js";

/// Its views are in the part of the address behind the `#`, so that it is one page.
const CONSOLE: &str = "console/index.html";

impl Asset {
    pub fn kind(&self) -> Kind {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") if self.name.starts_with("console/") => Kind::Console,
            Some("html") => Kind::Page,
            Some("css") => Kind::Style,
            Some("svg") => Kind::Art,
            _ if self.name == WIDGET => Kind::Module,
            _ => Kind::PageScript,
        }
    }
}

/// The file a path asks for: `/`, `/demo/shop` and `/demo/portal` are pages, `/console` the operator's, `/console/...` what that
/// loads, `/widget/...` the rest.
pub fn find(path: &str) -> Option<&'static Asset> {
    let name = match path {
        "/" | "/index.html" => "index.html",
        "/demo/shop" => "demo/shop.html",
        "/demo/portal" => "demo/portal.html",
        "/console" | "/console/" => CONSOLE,
        _ if path.starts_with("/console/") => path.strip_prefix('/').filter(|name| *name != CONSOLE)?,
        _ => path.strip_prefix("/widget/").filter(|name| !name.ends_with(".html") && !name.starts_with("console/"))?,
    };
    ASSETS.iter().find(|asset| asset.name == name)
}

/// A 128-bit FNV-1a digest as a quoted ETag, computed by the compiler.
///
/// It tells versions of our own files apart; nobody gains by forging a collision, so a keyless quick hash will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag([u8; 34]);

impl Tag {
    pub const fn of(bytes: &[u8]) -> Tag {
        let mut digest: u128 = 0x6c62272e07bb014262b821756295c58d;
        let mut at = 0;
        while at < bytes.len() {
            digest = (digest ^ bytes[at] as u128).wrapping_mul(0x0000000001000000000000000000013b);
            at += 1;
        }
        let mut text = [b'"'; 34];
        let mut place = 0;
        while place < 32 {
            let nibble = (digest >> (124 - 4 * place)) as u8 & 0xf;
            text[place + 1] = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            place += 1;
        }
        Tag(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("\"\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Names of the files with one of these endings, seen from `root`; `folders` inside it are walked to their ends.
    fn files(root: &Path, folder: &str, endings: &[&str], folders: &[&str]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let walked =
                |folder: &&str| name.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if path.is_dir() && folders.iter().any(walked) {
                found.extend(files(root, &name, endings, folders));
            } else if path.extension().is_some_and(|e| endings.iter().any(|s| e == *s)) {
                found.insert(name);
            }
        }
        found
    }

    /// Folders of `widget/` whose files are served, with all that is below them.
    const FOLDERS: &[&str] = &["art", "console", "demo"];

    fn widget() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../widget")
    }

    #[test]
    fn every_file_that_a_page_loads_is_served_and_none_is_missing() {
        let on_disk = files(&widget(), "", &["html", "css", "js", "svg"], FOLDERS);
        let served = ASSETS.iter().map(|asset| asset.name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(served, on_disk);
    }

    #[test]
    fn the_widgets_one_file_was_made_from_the_sources_as_they_are() {
        // As widget/build.mjs does it: the bytes of all sources in the order of their names, and 16 digits of their digest.
        let source = widget().join("src");
        let names = files(&source, "", &["js", "css"], &["words"]);
        let bytes = names.iter().flat_map(|name| std::fs::read(source.join(name)).unwrap()).collect::<Vec<_>>();
        let digest = Tag::of(&bytes).as_str()[1..17].to_owned();
        let made = std::fs::read_to_string(widget().join("tollgate-widget.js")).unwrap();
        let first = made.lines().next().unwrap_or_default();
        assert!(first.contains(&digest), "run `npm run build` in widget/: {first} should have {digest}");
    }

    #[test]
    fn paths_find_their_files() {
        let check = |path: &str, name: Option<&str>| assert_eq!(find(path).map(|a| a.name), name, "{path}");
        check("/", Some("index.html"));
        check("/index.html", Some("index.html"));
        check("/widget/tollgate-widget.js", Some("tollgate-widget.js"));
        check("/widget/src/sse.js", None);
        check("/widget/art/icon.svg", Some("art/icon.svg"));
        check("/widget/index.html", None);
        check("/demo/shop", Some("demo/shop.html"));
        check("/demo/portal", Some("demo/portal.html"));
        check("/widget/demo/ledger.js", Some("demo/ledger.js"));
        check("/widget/demo/shop.html", None);
        check("/demo/", None);
        check("/console", Some("console/index.html"));
        check("/console/", Some("console/index.html"));
        check("/console/app.js", Some("console/app.js"));
        check("/console/views/overview.js", Some("console/views/overview.js"));
        check("/console/index.html", None);
        check("/console/nowhere", None);
        check("/widget/console/app.js", None);
        check("/console/../index.html", None);
        check("/widget/", None);
        check("/widget/../Cargo.toml", None);
        check("/widget//src/sse.js", None);
        check("/site.css", None);
        check("", None);
    }

    #[test]
    fn tags_are_the_published_digest_and_differ_by_content() {
        // FNV-1a 128 of the empty string is its offset basis; of "a", the value in the FNV test vectors.
        assert_eq!(Tag::of(b"").as_str(), "\"6c62272e07bb014262b821756295c58d\"");
        assert_eq!(Tag::of(b"a").as_str(), "\"d228cb696f1a8caf78912b704e4a8964\"");
        let tags = ASSETS.iter().map(|a| a.tag.as_str()).collect::<BTreeSet<_>>();
        assert_eq!(tags.len(), ASSETS.len());
    }
}
