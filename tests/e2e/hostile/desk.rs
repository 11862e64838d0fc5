//! One article's way through the crates, without the program around them: page, brief, answer, draft, page of the site, gate.

use std::collections::{BTreeMap, BTreeSet};

use gates::inventory::Inventory;
use gates::judge::{self, Judged};
use gates::settings::{PerTemplate, Settings};
use gates::{BuiltPage, FrontKeys, HugoOutcome, Subject};
use pipeline::models::parse_draft;
use pipeline::page::{SitePage, render, slug_for};
use serde_json::Value;
use states::words::{
    ArticleId, Brief, BriefSource, BytesHash, Draft, Origin, PageFile, PageIdentity, Report, Snapshot, Snapshots,
    SourceKind, Template, Timestamp, Writer,
};

use crate::harness::answers;
use crate::harness::invent::News;

pub(super) const NOW: &str = "2026-11-21T06:00:00Z";

pub(super) fn now() -> Timestamp {
    NOW.parse().expect("a constant time is valid")
}

/// What an article is written from.
pub(super) struct Material {
    pub(super) brief: Brief,
    pub(super) snapshots: Snapshots,
}

impl Material {
    /// A release note on one page, as it is read off its HTML.
    pub(super) fn of(html: &str, news: &News) -> Self {
        let url = format!("https://{}.example/news", news.product.to_lowercase());
        let page = sources::extract(html, &url).expect("the page is small");
        let snapshot = Snapshot::compose(
            &page.body,
            1,
            &url,
            page.title,
            page.author,
            page.published,
            page.publisher,
            page.language,
            now(),
            false,
        );
        let article = ArticleId::of(&"desk".parse().expect("a name"), &Origin::Url { canonical: url, generation: 0 });
        let keyword = news.product.to_lowercase();
        let brief = Brief {
            article: article.clone(),
            template: Template::Release,
            topic: keyword.clone(),
            keyword,
            secondary: vec!["release".into()],
            language: "en".into(),
            sources: vec![BriefSource::of(&snapshot, article, SourceKind::Primary)],
            related: Vec::new(),
            vocabulary: vec!["databases".into(), "releases".into()],
            members: Vec::new(),
        };
        Self { brief, snapshots: [snapshot].into_iter().collect() }
    }

    /// Everything that a writer could be shown, with nothing left out.
    pub(super) fn all_of_it(&self) -> String {
        let lines = self.brief.numbered().map(|n| {
            let source = &self.brief.sources[n.source];
            let text = self.snapshots.get(&source.snapshot).map_or("", |s| n.span.of(&s.text));
            format!("[{}] {}", n.number, text.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let lines: Vec<String> = lines.collect();
        format!(
            "Write about one release\nprimary keyword: {}\nTags on offer: databases, releases.\n\nSource 1 of 1:\n{}\n",
            self.brief.keyword,
            lines.join("\n")
        )
    }

    /// What an honest writer makes of it.
    pub(super) fn honest(&self) -> Value {
        answers::draft(&self.all_of_it()).expect("there are sentences")
    }

    /// The draft that an answer becomes; `None` where it becomes none.
    pub(super) fn draft(&self, answer: &str) -> Option<Draft> {
        let writer = Writer { provider: "fake".into(), model: "fake-writer".into(), family: "fake".into() };
        parse_draft(answer, &self.brief, &self.snapshots, writer).ok()
    }

    /// The draft as it would lie in the site's repository, and what the gate says of it. Hugo's part is shown the draft's own
    /// words, as a layout would show them.
    pub(super) fn gated(&self, draft: &Draft, settings: &Settings) -> (Vec<PageFile>, Report) {
        let site = SitePage { evidence: "content/{section}/{slug}/evidence.json".into(), ..SitePage::default() };
        let (evidence, rows) = gates::evidence(draft, &self.brief, &self.snapshots, settings);
        let article = &self.brief.article;
        let identity = PageIdentity { slug: slug_for(&draft.title.text, article), dated: now() };
        let files = render(&site, article, draft, &self.brief, &self.snapshots, &identity, &rows)
            .expect("every draft can be rendered");
        let keys = FrontKeys { allowed: site.allowed_keys(), constants: BTreeMap::new(), ..FrontKeys::default() };
        let inventory = Inventory {
            base_url: Some("https://desk.example/".into()),
            vocabulary: BTreeSet::from(["databases".to_owned(), "releases".to_owned()]),
            ..Inventory::default()
        };
        let subject = Subject {
            draft,
            brief: &self.brief,
            snapshots: &self.snapshots,
            files: &files,
            inventory: &inventory,
            settings,
            keys: &keys,
            now: now(),
        };
        let texts: Vec<String> =
            draft.sentences().into_iter().map(|(_, s)| format!("<p>{}</p>", escaped(&s.text))).collect();
        let page = BuiltPage { url: format!("/posts/{}/", identity.slug), html: texts.join("\n") };
        let built = HugoOutcome::Built { page: Some(page), warnings: Vec::new(), site_links: Vec::new() };
        let declared: Vec<String> = self.brief.sources.iter().map(|s| s.url.clone()).collect();
        let mut layers =
            vec![gates::form(&subject), gates::hugo(&subject, &built, &declared), gates::coverage(&subject), evidence];
        let score = judge::built_in(&subject, &layers);
        layers.push(judge::layer(Judged::Score(&score), settings));
        let bytes = BytesHash::of(files.iter().map(|f| (f.path.as_str(), f.text.as_bytes())));
        (files, Report { bytes, ruleset: String::new(), layers, score: Some(score), evidence: rows })
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The gate's settings, with room for short articles.
pub(super) fn settings() -> Settings {
    Settings { words: PerTemplate { story: 60, digest: 60, radar: 60, release: 60 }, ..Settings::default() }
}

/// Work on each of so many, on all processors.
pub(super) fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = (0..threads)
            .map(|first| {
                let mine = (first..count).step_by(threads);
                scope.spawn(move || mine.map(|n| (n, work(n))).collect::<Vec<_>>())
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().expect("none of them panics")).collect()
    });
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, value)| value).collect()
}
