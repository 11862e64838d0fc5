//! A site that shows everything of a page, and drafts with the same hostile text in every place that has text.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use gates::inventory::Inventory;
use gates::{FrontKeys, Subject};
use pipeline::hugo::Hugo;
use pipeline::page::{FrontFormat, SitePage, render, slug_for};
use scraper::{Html, Selector};
use states::words::{Block, Draft, PageFile, PageIdentity, Section, Sentence, Severity, Template, Writer};

use super::desk::{Material, now, settings};
use super::pages::twin;
use crate::harness::{hugo, skip};

/// What a page shows if something in it was run.
pub(super) const RAN: &str = "WAS-RUN";

/// Everything that Hugo's Markdown can do is switched on, and shortcodes and templates wait to be run.
const SITE: [(&str, &str); 7] = [
    (
        "hugo.toml",
        "baseURL = 'https://desk.example/'\ntitle = 'Desk'\nenableEmoji = true\n\
         [params]\nsecret = 'WAS-RUN'\n\
         [markup.goldmark.renderer]\nunsafe = true\n\
         [markup.goldmark.parser.attribute]\nblock = true\ntitle = true\n\
         [markup.goldmark.extensions]\nlinkify = true\nlinkifyProtocol = 'https'\n\
         [markup.goldmark.extensions.extras]\n\
         delete = { enable = true }\ninsert = { enable = true }\nmark = { enable = true }\n\
         subscript = { enable = true }\nsuperscript = { enable = true }\n\
         [markup.goldmark.extensions.passthrough]\nenable = true\n\
         [markup.goldmark.extensions.passthrough.delimiters]\n\
         block = [['\\[', '\\]'], ['$$', '$$']]\ninline = [['\\(', '\\)'], ['$', '$']]\n\
         [security]\nenableInlineShortcodes = true\n",
    ),
    ("layouts/_shortcodes/owned.html", RAN),
    ("layouts/_shortcodes/pair.html", "WAS-RUN{{ .Inner }}"),
    ("layouts/_partials/owned.html", RAN),
    ("layouts/owned.html", RAN),
    (
        "layouts/rss.xml",
        "<rss>{{ range .RegularPages }}<item>{{ .Title }}<d>{{ .Description }}</d></item>{{ end }}</rss>\n",
    ),
    (
        "layouts/list.html",
        "<!doctype html><title>{{ .Title }}</title>{{ range .Pages }}<p>{{ .LinkTitle }} {{ .Description }}</p>{{ end }}\n",
    ),
];

/// A layout that shows front matter as text.
pub(super) const CAREFUL: &str = "<!doctype html><title>{{ .Title }}</title><meta name=description content=\"{{ .Description }}\">\
     <h1>{{ .Title }}</h1><p>{{ .Description }} {{ .Params.summary }}</p>{{ range .Params.tags }}<i>{{ . }}</i>{{ end }}\
     <article>{{ .Content }}</article>{{ .TableOfContents }}\n";

/// A layout that trusts front matter: as Markdown, as HTML, and as Markdown with shortcodes.
pub(super) const TRUSTING: &str = "<!doctype html><title>{{ .Title | safeHTML }}</title><h1>{{ .Title | markdownify }}</h1>\
     <p>{{ .Description | safeHTML }} {{ .Params.summary | markdownify }} {{ .Summary }} {{ .RenderString .Title }}\
     {{ .RenderString .Description }} {{ .RenderString .Params.summary }}</p>\
     {{ range .Params.tags }}<i>{{ . | safeHTML }} {{ . | markdownify }}</i>{{ end }}<article>{{ .Content }}</article>\n";

/// One hostile text, and the page that it became.
pub(super) struct Case {
    pub(super) text: String,
    pub(super) slug: String,
    pub(super) files: Vec<PageFile>,
    /// What the form rules call an error.
    pub(super) errors: Vec<String>,
}

/// The text in every place of a draft and of its sources.
fn attacked(material: &mut Material, text: &str) -> Draft {
    let source = &mut material.brief.sources[0];
    (source.title, source.publisher) = (text.to_owned(), Some(text.to_owned()));
    let cite = states::words::Cite {
        snapshot: source.snapshot.clone(),
        start: source.sentences[0].start,
        end: source.sentences[0].end,
    };
    let sentence = || Sentence { text: text.to_owned(), cites: vec![cite.clone()] };
    Draft {
        template: Template::Release,
        title: sentence(),
        description: sentence(),
        summary: vec![sentence()],
        sections: vec![Section {
            heading: sentence(),
            blocks: vec![
                Block::Paragraph(vec![sentence(), sentence()]),
                Block::List(vec![vec![sentence()], vec![sentence()]]),
                Block::Code { language: text.to_owned(), text: text.to_owned(), cite: None },
                Block::Paragraph(vec![Sentence::plain("The end.")]),
            ],
        }],
        keyword: text.to_owned(),
        tags: vec![text.to_owned()],
        writer: Writer { provider: "fake".into(), model: text.to_owned(), family: "fake".into() },
    }
}

/// How the pages of the site are written.
pub(super) fn site_page(format: FrontFormat) -> SitePage {
    let mut page = SitePage { format, disclosure: "By {model}.".into(), ..SitePage::default() };
    page.keys.keyword = "params.keyword".into();
    page
}

/// A text as a page of its own.
pub(super) fn case(number: usize, text: &str, format: FrontFormat) -> Case {
    let clean = twin(0);
    let mut material = Material::of(&clean.html, &clean.news);
    let draft = attacked(&mut material, text);
    let page = site_page(format);
    let article = material.brief.article.clone();
    let named = slug_for(text, &article);
    let slug = format!("{number}-{}", named.chars().take(40).collect::<String>().trim_matches('-'));
    let identity = PageIdentity { slug: slug.clone(), dated: now() };
    let files = render(&page, &article, &draft, &material.brief, &material.snapshots, &identity, &[])
        .unwrap_or_else(|why| panic!("{text:?}: {why}"));
    let keys = FrontKeys { allowed: page.allowed_keys(), ..FrontKeys::default() };
    let subject = Subject {
        draft: &draft,
        brief: &material.brief,
        snapshots: &material.snapshots,
        files: &files,
        inventory: &Inventory { base_url: Some("https://desk.example/".into()), ..Inventory::default() },
        settings: &settings(),
        keys: &keys,
        now: now(),
    };
    let form = gates::form(&subject);
    // What an article of this size lacks says nothing of what it holds.
    let size = ["form/too-short", "form/few-headings", "form/tag-unknown"];
    let errors =
        form.findings.into_iter().filter(|f| f.severity == Severity::Error && !size.contains(&f.code.as_str()));
    Case { text: text.to_owned(), slug, files, errors: errors.map(|f| format!("{}: {}", f.code, f.message)).collect() }
}

/// A site with all pages, built; `None` without Hugo.
pub(super) fn built(cases: &[&Case], layout: &str) -> Option<(tempfile::TempDir, BTreeSet<String>)> {
    let Some(binary) = hugo() else {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
        return None;
    };
    let folder = tempfile::tempdir().expect("there is room");
    let write = |path: &str, text: &str| {
        let path = folder.path().join("site").join(path);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("there is room");
        std::fs::write(path, text).expect("there is room");
    };
    SITE.iter().for_each(|(path, text)| write(path, text));
    write("layouts/page.html", layout);
    cases.iter().flat_map(|case| &case.files).for_each(|file| write(&file.path, &file.text));
    let hugo = Hugo { clock: Some(now()), ..Hugo::find(Some(&binary)).expect("it is a file") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (site, public) = (folder.path().join("site"), folder.path().join("public"));
    let built = runtime.block_on(hugo.build(&site, &public, Duration::from_secs(120)));
    built.unwrap_or_else(|why| panic!("one of the pages breaks the build: {why}"));
    let mut files = BTreeSet::new();
    list(&public, &public, &mut files);
    Some((folder, files))
}

fn list(root: &Path, folder: &Path, files: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("it was built") {
        let path = entry.expect("it is listed").path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned());
        }
    }
}

/// A file of the built site.
pub(super) fn read(folder: &tempfile::TempDir, path: &str) -> String {
    let path = folder.path().join("public").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// What of a built page would fetch something, lead somewhere or run, though nobody declared it.
pub(super) fn ways_out(html: &str, declared: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let own = |address: &str| {
        let plain =
            address.starts_with('#') || !address.contains(':') && !address.starts_with("//") && !address.contains('\\');
        plain || address.starts_with("https://desk.example/") || address == declared
    };
    let mut found = Vec::new();
    for element in page.select(&Selector::parse("*").expect("a constant selector")) {
        let value = element.value();
        let forbidden = [
            "script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "button", "video", "audio",
            "base", "link", "img", "picture", "source", "noscript", "details",
        ];
        let refreshes = value.name() == "meta" && value.attr("http-equiv").is_some();
        if forbidden.contains(&value.name()) || refreshes {
            found.push(element.html());
        }
        for (name, text) in value.attrs() {
            // Highlighted code has colours of Hugo's own.
            let fetches = name == "style" && ["url", "\\", "@", "evil"].iter().any(|mark| text.contains(mark));
            let runs = fetches || name.starts_with("on") || matches!(name, "srcdoc" | "srcset" | "ping");
            let leads = matches!(
                name,
                "href" | "src" | "xlink:href" | "data" | "action" | "formaction" | "poster" | "background"
            );
            if runs || (leads && !own(text)) {
                found.push(format!("{name}={text}"));
            }
        }
    }
    // What the gate sees must not be less.
    let inventory = Inventory { base_url: Some("https://desk.example/".into()), ..Inventory::default() };
    found.extend(gates::references(html, "/posts/x/", &inventory).into_iter().filter(|target| target != declared));
    found
}
