//! Sites of all kinds, as the real Hugo sees them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gates::inventory::Target;

use super::*;
use crate::hugo::BuildOptions;
use crate::hugo::testing::{hugo, write_all};

const PLENTY: Duration = Duration::from_secs(120);
const LAYOUT: (&str, &str) =
    ("layouts/all.html", "<!doctype html><title>{{ .Title }}</title><h1>{{ .Title }}</h1>{{ .Content }}\n");

fn now() -> Timestamp {
    "2026-11-21T06:00:00Z".parse().unwrap()
}

fn post(title: &str, more: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2026-03-02T08:00:00Z\n{more}---\nText of {title}.\n")
}

/// A site in a temporary folder.
struct Site(tempfile::TempDir);

impl Site {
    fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_all(&folder.path().join("site"), files);
        Self(folder)
    }

    fn source(&self) -> std::path::PathBuf {
        self.0.path().join("site")
    }

    async fn survey(&self, hugo: &Hugo) -> Result<Inventory, HugoError> {
        let hugo = Hugo { clock: Some(now()), ..hugo.clone() };
        let output = tempfile::tempdir_in(self.0.path()).unwrap();
        Ok(survey(&hugo, &self.source(), &output.path().join("public"), PLENTY, now(), "tags").await?.inventory)
    }
}

fn url<'i>(site: &'i Inventory, path: &str) -> &'i str {
    &site.posts.iter().find(|post| post.path == path).unwrap_or_else(|| panic!("no {path} in {:#?}", site.posts)).url
}

/// Writes a new page, says what address was expected of it, and lets Hugo say which it gets.
async fn guessed(site: &Site, hugo: &Hugo, before: &Inventory, path: &str, text: &str) {
    let page = Page::parse(path, text).unwrap();
    let expected = before.url_of(&page);
    assert_eq!(before.taken_by(&expected, path), None);
    write_all(&site.source(), [(path, text)]);
    let after = site.survey(hugo).await.unwrap();
    assert_eq!(url(&after, path), expected, "{path}");
    std::fs::remove_file(site.source().join(path)).unwrap();
}

#[tokio::test]
async fn permalinks_bundles_aliases_and_a_base_path_are_as_hugo_gives_them() {
    let Some(hugo) = hugo() else { return };
    let config = "baseURL = 'https://desk.example/blog/'\n[permalinks.page]\nposts = '/:year/:month/:slugorcontentbasename/'\n\
                  notes = '/n/:title/'\n";
    let (a, b, c) = (post("A", "aliases: [/old/, aside]\n"), post("B", "slug: bee\n"), post("Cé Two", ""));
    let site = Site::of([
        ("hugo.toml", config),
        LAYOUT,
        ("content/posts/a.md", a.as_str()),
        ("content/posts/b/index.md", b.as_str()),
        ("content/posts/b/chart one.svg", "<svg/>"),
        ("content/notes/x.md", c.as_str()),
        ("static/img/a.png", "x"),
    ]);
    let known = site.survey(&hugo).await.unwrap();
    assert_eq!(url(&known, "content/posts/a.md"), "/blog/2026/03/a/");
    assert_eq!(url(&known, "content/posts/b/index.md"), "/blog/2026/03/bee/");
    let none = BTreeSet::new();
    let to = |link: &str| known.target(link, "/blog/2026/03/bee/", &none);
    for own in [
        "chart%20one.svg",
        "./chart one.svg",
        "../a/",
        "/blog/old/",
        "../aside",
        "/blog/img/a.png",
        "https://desk.example/blog/2026/03/a",
        "/blog/posts/",
        "/blog/",
    ] {
        assert!(matches!(to(own), Target::Own(_)), "{own}: {:?}", to(own));
    }
    for missing in ["/img/a.png", "/old/", "chart two.svg", "../b/", "/blog/2026/04/a/"] {
        assert!(matches!(to(missing), Target::Missing(_)), "{missing}: {:?}", to(missing));
    }
    let new = |title: &str, more: &str| post(title, more).replace("2026-03-02", "2025-12-24");
    guessed(&site, &hugo, &known, "content/posts/new.md", &new("New", "")).await;
    guessed(&site, &hugo, &known, "content/posts/new/index.md", &new("New", "slug: other\n")).await;
    guessed(&site, &hugo, &known, "content/posts/new.md", &new("New", "url: /own/place/\n")).await;
    guessed(&site, &hugo, &known, "content/notes/y.md", &new("Another Note", "")).await;
    assert!(known.taken_by("/blog/old/", "content/posts/old.md").unwrap().contains("content/posts/a.md"));
    assert!(known.taken_by("/blog/2026/03/aside/", "content/posts/aside.md").is_some());
}

#[tokio::test]
async fn two_languages_by_folder_and_by_name_get_their_own_addresses() {
    let Some(hugo) = hugo() else { return };
    let folders = "baseURL = 'https://desk.example/'\ndefaultContentLanguage = 'en'\n[languages.en]\ncontentDir = 'content/en'\n\
                   [languages.de]\ncontentDir = 'content/de'\n";
    let (a, b) = (post("A", ""), post("B", ""));
    let site = Site::of([
        ("hugo.toml", folders),
        LAYOUT,
        ("content/en/posts/a.md", a.as_str()),
        ("content/de/posts/a.md", b.as_str()),
    ]);
    let known = site.survey(&hugo).await.unwrap();
    assert_eq!(url(&known, "content/en/posts/a.md"), "/posts/a/");
    assert_eq!(url(&known, "content/de/posts/a.md"), "/de/posts/a/");
    guessed(&site, &hugo, &known, "content/de/posts/neu/index.md", &post("Neu", "")).await;
    guessed(&site, &hugo, &known, "content/en/posts/new.md", &post("New", "")).await;

    let names = "baseURL = 'https://desk.example/'\nuglyURLs = true\ndefaultContentLanguage = 'en'\n[languages.en]\n[languages.de]\n";
    let site = Site::of([
        ("hugo.toml", names),
        LAYOUT,
        ("content/posts/a.md", a.as_str()),
        ("content/posts/a.de.md", b.as_str()),
        ("content/posts/b/index.de.md", b.as_str()),
    ]);
    let known = site.survey(&hugo).await.unwrap();
    assert_eq!(url(&known, "content/posts/a.de.md"), "/de/posts/a.html");
    guessed(&site, &hugo, &known, "content/posts/neu.de.md", &post("Neu", "")).await;
    guessed(&site, &hugo, &known, "content/posts/new.md", &post("New", "")).await;
    guessed(&site, &hugo, &known, "content/posts/neu/index.de.md", &post("Neu", "")).await;
}

#[tokio::test]
async fn links_by_the_names_of_files_are_known_where_the_site_resolves_them() {
    let Some(hugo) = hugo() else { return };
    let a = post("A", "");
    let config = "baseURL = 'https://desk.example/'\n";
    let site = Site::of([("hugo.toml", config), LAYOUT, ("content/posts/a.md", a.as_str())]);
    assert!(!site.survey(&hugo).await.unwrap().file_links);
    write_all(&site.source(), [("layouts/_markup/render-link.html", "<a href=\"{{ .Destination }}\">{{ .Text }}</a>")]);
    assert!(site.survey(&hugo).await.unwrap().file_links);
    std::fs::remove_dir_all(site.source().join("layouts/_markup")).unwrap();
    for more in ["[markup.goldmark.renderHooks.link]\nuseEmbedded = 'always'\n", "[languages.en]\n[languages.de]\n"] {
        write_all(&site.source(), [("hugo.toml", format!("{config}{more}").as_str())]);
        let known = site.survey(&hugo).await.unwrap();
        assert!(known.names_a_file("a.md", "content/posts/b.md"), "{more}");
    }
}

#[tokio::test]
async fn languages_with_hosts_of_their_own_are_found_below_their_folders() {
    let Some(hugo) = hugo() else { return };
    let config = "baseURL = 'https://en.example/'\ndefaultContentLanguage = 'en'\n[languages.en]\n\
                  baseURL = 'https://en.example/'\n[languages.de]\nbaseURL = 'https://de.example/x/'\n";
    let (a, b, c) = (post("A", ""), post("B", ""), post("C", "draft: true\n"));
    let site = Site::of([
        ("hugo.toml", config),
        LAYOUT,
        ("content/posts/a.md", a.as_str()),
        ("content/posts/b.de.md", b.as_str()),
        ("content/posts/c.md", c.as_str()),
        ("static/img/a.png", "x"),
    ]);
    let known = site.survey(&hugo).await.unwrap();
    let hidden: Vec<&str> = known.posts.iter().filter(|p| p.hidden).map(|p| p.path.as_str()).collect();
    assert_eq!(hidden, ["content/posts/c.md"]);
    assert!(known.has("/posts/a/") && known.has("/x/posts/b/") && known.has("/img/a.png"));
    assert!(!known.has("/posts/c/") && !known.has("/en/posts/a/"));
}

#[tokio::test]
async fn a_hidden_post_is_not_taken_for_its_namesake_in_another_language() {
    let Some(hugo) = hugo() else { return };
    let base = "baseURL = 'https://desk.example/'\ndefaultContentLanguage = 'en'\n[languages.en]\n\
                baseURL = 'https://desk.example/'\n[languages.de]\nbaseURL = 'https://blatt.example/'\n";
    let (draft, shown) = (post("A", "draft: true\n"), post("A", ""));
    // With a sitemap, which says whose folder it lies in, and without.
    for more in ["", "disableKinds = ['sitemap']\n"] {
        let config = format!("{more}{base}");
        let site = Site::of([
            ("hugo.toml", config.as_str()),
            LAYOUT,
            ("content/posts/a.md", draft.as_str()),
            ("content/posts/a.de.md", shown.as_str()),
            ("content/posts/b.md", shown.as_str()),
        ]);
        let known = site.survey(&hugo).await.unwrap();
        let hidden: Vec<&str> = known.posts.iter().filter(|p| p.hidden).map(|p| p.path.as_str()).collect();
        assert_eq!(hidden, ["content/posts/a.md"], "{more}");
        // All that is shown is of one language, which is not the default one.
        std::fs::remove_file(site.source().join("content/posts/b.md")).unwrap();
        std::fs::remove_file(site.source().join("content/posts/a.md")).unwrap();
        let known = site.survey(&hugo).await.unwrap();
        assert!(known.has("/posts/a/") && known.posts.iter().all(|p| !p.hidden), "{more}");
    }
}

#[tokio::test]
async fn what_the_layout_of_each_language_links_to_is_known_where_languages_have_hosts() {
    let Some(hugo) = hugo() else { return };
    let languages = "defaultContentLanguage = 'en'\n[languages.en]\nbaseURL = 'https://desk.example/'\n\
                     [languages.de]\nbaseURL = 'https://blatt.example/x/'\n";
    let layout = "<title>{{ .Title }}</title>{{ .Content }}<a href=\"https://foot.example/\">F</a>\
                  <a href=\"https://{{ .Language.Lang }}.foot.example/\">L</a>\n";
    let link = "[Only here](https://once.example/)\n";
    let (a, b) = (post("A", "") + link, post("B", ""));
    for (config, own) in [
        (languages, ["https://de.foot.example/", "https://en.foot.example/"].as_slice()),
        ("", &["https://en.foot.example/"]),
    ] {
        let config = format!("baseURL = 'https://desk.example/'\n{config}");
        let mut files =
            vec![("hugo.toml", config.as_str()), ("layouts/all.html", layout), ("content/posts/a.md", a.as_str())];
        files.extend(config.contains("blatt").then_some(("content/posts/b.de.md", b.as_str())));
        let site = Site::of(files);
        let output = site.0.path().join("public");
        let known = survey(&hugo, &site.source(), &output, PLENTY, now(), "tags").await.unwrap();
        let common = common_links(&output, &known);
        let expected: Vec<&str> = own.iter().copied().chain(["https://foot.example/"]).collect();
        assert_eq!(common, expected);
    }
}

#[tokio::test]
async fn a_site_without_a_post_that_is_shown_builds() {
    let Some(hugo) = hugo() else { return };
    let (home, draft) = (post("Home", ""), post("A", "draft: true\n"));
    let later = post("B", "publishDate: 2099-01-01T00:00:00Z\n");
    let site = Site::of([
        ("hugo.toml", "baseURL = 'https://desk.example/'\n"),
        LAYOUT,
        ("content/_index.md", home.as_str()),
        ("content/posts/_index.md", home.as_str()),
    ]);
    assert!(site.survey(&hugo).await.unwrap().has("/posts/"));
    write_all(&site.source(), [("content/posts/a.md", draft.as_str()), ("content/posts/b.md", later.as_str())]);
    assert!(site.survey(&hugo).await.unwrap().posts.iter().all(|post| post.hidden));
    // Without layouts nothing is shown, whatever there is.
    std::fs::remove_dir_all(site.source().join("layouts")).unwrap();
    let why = site.survey(&hugo).await.unwrap_err().to_string();
    assert!(why.contains("none of the site's 2 pages"), "{why}");
}

#[tokio::test]
async fn what_a_command_makes_is_listed() {
    let Some(hugo) = hugo() else { return };
    let a = post("A", "");
    let site = Site::of([("hugo.toml", "baseURL = 'https://desk.example/'\n"), LAYOUT, ("made/a.md", a.as_str())]);
    let build =
        format!("sleep 1; mkdir content; cp made/a.md content; {} build --destination \"$1\"", hugo.binary.display());
    write_all(&site.source(), [("build.sh", build.as_str())]);
    let command = ["sh", "build.sh", "{destination}"].map(str::to_owned).to_vec();
    let known = site.survey(&hugo.building(BuildOptions { command, ..BuildOptions::default() })).await.unwrap();
    assert!(known.has("/a/"));
}

#[tokio::test]
async fn a_theme_elsewhere_may_take_links_in_hand() {
    let Some(hugo) = hugo() else { return };
    let a = post("A", "");
    let site =
        Site::of([("hugo.toml", "baseURL = 'https://desk.example/'\ntheme = 'lean'\n"), ("content/a.md", a.as_str())]);
    let hook = ("lean/layouts/_markup/render-link.html", "<a href=\"{{ .Destination }}\">{{ .Text }}</a>");
    let elsewhere = site.0.path().join("elsewhere");
    write_all(&elsewhere, [("lean/layouts/all.html", LAYOUT.1), hook]);
    let build = BuildOptions { themes: Some(elsewhere.clone()), ..BuildOptions::default() };
    assert!(site.survey(&hugo.clone().building(build)).await.unwrap().file_links);
    std::fs::create_dir(site.source().join("themes")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("lean"), site.source().join("themes/lean")).unwrap();
    assert!(site.survey(&hugo).await.unwrap().file_links);
}

#[tokio::test]
async fn a_post_that_is_not_shown_keeps_its_address_and_cannot_be_linked_to() {
    let Some(hugo) = hugo() else { return };
    let kinds = [
        ("draft", "draft: true\n"),
        ("gone", "expiryDate: 2020-01-01T00:00:00Z\n"),
        ("later", "publishDate: 2099-01-01T00:00:00Z\n"),
        ("shown", ""),
    ];
    let files: Vec<(String, String)> =
        kinds.iter().map(|(name, front)| (format!("content/posts/{name}.md"), post(name, front))).collect();
    let site = Site::of([("hugo.toml", "baseURL = 'https://desk.example/'\n"), LAYOUT]);
    write_all(&site.source(), files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let known = site.survey(&hugo).await.unwrap();
    for (name, _) in kinds {
        let address = format!("/posts/{name}/");
        assert!(known.taken_by(&address, "content/posts/new.md").is_some(), "{name}");
        assert_eq!(known.has(&address), name == "shown", "{name}");
    }
}

#[tokio::test]
async fn a_theme_that_is_an_empty_submodule_is_a_cause_with_the_next_step() {
    let Some(hugo) = hugo() else { return };
    let a = post("A", "");
    let modules = "[submodule \"themes/lean\"]\n\tpath = themes/lean\n\turl = https://theme.example/lean\n";
    let config = "baseURL = 'https://desk.example/'\ntheme = 'lean'\n";
    let site = Site::of([("hugo.toml", config), (".gitmodules", modules), ("content/posts/a.md", a.as_str())]);
    // As an export has it: without the folder. Then as a checkout has it: with an empty one, where Hugo ends well.
    for made in [false, true] {
        if made {
            std::fs::create_dir_all(site.source().join("themes/lean")).unwrap();
        }
        let why = site.survey(&hugo).await.unwrap_err().to_string();
        assert!(why.contains("`git submodule update --init`") && why.contains("themes/lean"), "{made}: {why}");
    }
    // A layout of the site's own for its home page alone shows no post.
    write_all(&site.source(), [("layouts/home.html", "<h1>Home</h1>")]);
    let why = site.survey(&hugo).await.unwrap_err().to_string();
    assert!(why.contains("`git submodule update --init`"), "{why}");
    // With the theme in a folder that is named, it builds.
    write_all(site.0.path(), [("themes/lean/layouts/all.html", LAYOUT.1)]);
    let build = BuildOptions { themes: Some(site.0.path().join("themes")), ..BuildOptions::default() };
    let known = site.survey(&hugo.building(build)).await.unwrap();
    assert!(known.has("/posts/a/"));
}

#[tokio::test]
async fn a_theme_that_is_a_module_is_a_cause_unless_it_is_vendored() {
    let Some(hugo) = hugo() else { return };
    let a = post("A", "");
    let config = "baseURL = 'https://desk.example/'\n[module]\n[[module.imports]]\npath = 'theme.example/lean'\n";
    let go = "module desk.example/site\ngo 1.24\nrequire theme.example/lean v1.0.0\n";
    let site = Site::of([("hugo.toml", config), ("go.mod", go), ("content/posts/a.md", a.as_str())]);
    let why = site.survey(&hugo).await.unwrap_err().to_string();
    assert!(why.contains("hugo mod vendor") && why.contains("_vendor"), "{why}");
    let vendored = [
        ("_vendor/modules.txt", "# theme.example/lean v1.0.0\n"),
        ("_vendor/theme.example/lean/layouts/all.html", LAYOUT.1),
    ];
    write_all(&site.source(), vendored);
    assert!(site.survey(&hugo).await.unwrap().has("/posts/a/"));
}

#[tokio::test]
async fn another_version_in_the_deploy_workflow_is_known_with_both_versions() {
    let Some(hugo) = hugo() else { return };
    let here = hugo.version().await.unwrap();
    let a = post("A", "");
    let site = Site::of([("hugo.toml", "baseURL = 'https://desk.example/'\n"), LAYOUT, ("content/a.md", a.as_str())]);
    for (workflow, there) in [
        ("env:\n  HUGO_VERSION: 0.90.1\n".to_owned(), Some("0.90.1")),
        ("with:\n  hugo-version: '0.90.2'\n".to_owned(), Some("0.90.2")),
        (format!("with:\n  hugo-version: '{here}'\n"), None),
        ("with:\n  hugo-version: latest\n".to_owned(), None),
    ] {
        write_all(&site.source(), [(".github/workflows/deploy.yml", workflow.as_str())]);
        let other = site.survey(&hugo).await.unwrap().other_hugo;
        let expected = there.map(|there| OtherHugo { here: here.clone(), there: there.to_owned() });
        assert_eq!(other, expected, "{workflow}");
    }
}

#[tokio::test]
async fn boilerplate_of_any_post_of_the_site_is_found_on_a_new_one() {
    let Some(hugo) = hugo() else { return };
    let phrase = "This desk reads everything that was released this week and tells it in short.";
    let old = format!("{}\n{phrase}\n", post("Old", ""));
    let site = Site::of([
        ("hugo.toml", "baseURL = 'https://desk.example/'\n"),
        LAYOUT,
        ("content/posts/old.md", old.as_str()),
    ]);
    let known = site.survey(&hugo).await.unwrap();
    let mut new = post("New", "description: What is new.\n");
    write!(new, "\n{}\n\nBut this sentence has never been told on any page of it before.\n", phrase.to_uppercase())
        .unwrap();
    let settings = gates::settings::Settings::default();
    let layers = gates::markdown("content/posts/new.md", &new, &known, &settings, now());
    let found: Vec<_> = layers.iter().flat_map(|l| &l.findings).filter(|f| f.message.contains("/posts/old/")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
}
