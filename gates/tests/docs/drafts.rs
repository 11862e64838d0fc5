//! Examples that are written as lines `key: text`: drafts with their brief and sources, built pages, scores, what was published.

use gates::inventory::{Inventory, OtherHugo, Post};
use gates::judge::{Judged, layer};
use gates::{BuiltPage, FrontKeys, HugoOutcome, PublishedBefore, Subject};
use states::words::{
    ArticleId, Block, Brief, BriefSource, BytesHash, Cite, Draft, JudgeScore, LayerReport, Origin, Section, Sentence,
    Snapshot, Snapshots, SourceKind, StoryId, Template, Writer,
};

use crate::examples::Example;
use crate::files::{now, site};

/// The lines of an example.
pub(crate) struct Lines(Vec<(&'static str, String)>);

impl Lines {
    pub(crate) fn of(text: &'static str) -> Self {
        let lines = text.lines().map(|line| {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("`{line}` is no `key: text`"));
            (key, times(value.trim()))
        });
        Self(lines.collect())
    }

    pub(crate) fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(k, _)| *k == key).map(|(_, value)| value.clone()).collect()
    }

    fn one(&self, key: &str, otherwise: &str) -> String {
        self.all(key).into_iter().next().unwrap_or_else(|| otherwise.to_owned())
    }

    /// Panics on a key that nothing reads: an example must not say what has no effect.
    pub(crate) fn only(&self, known: &[&str]) {
        for (key, _) in &self.0 {
            assert!(known.contains(key), "`{key}:` is not read; {known:?} are");
        }
    }
}

/// `text (30 times)` is its text thirty times over.
fn times(value: &str) -> String {
    let counted = value.strip_suffix(" times)").and_then(|rest| rest.rsplit_once(" ("));
    match counted.and_then(|(text, n)| Some((text, n.parse::<usize>().ok()?))) {
        Some((text, n)) => vec![text; n].join(" "),
        None => value.to_owned(),
    }
}

fn article() -> ArticleId {
    let origin = Origin::Url { canonical: "https://ferrite.example/".into(), generation: 0 };
    ArticleId::of(&"desk".parse().unwrap(), &origin)
}

fn writer(family: &str) -> Writer {
    Writer { provider: "box".into(), model: "small".into(), family: family.into() }
}

/// A draft that says hardly anything.
pub(crate) fn draft(template: Template) -> Draft {
    Draft {
        template,
        title: Sentence::plain("Ferrite reads logs"),
        description: Sentence::plain("What Ferrite does."),
        summary: vec![Sentence::plain("Ferrite reads logs.")],
        sections: vec![section("", vec![Sentence::plain("It reads logs.")])],
        keyword: "ferrite".into(),
        tags: Vec::new(),
        writer: writer("llama"),
    }
}

fn section(heading: &str, sentences: Vec<Sentence>) -> Section {
    Section { heading: Sentence::plain(heading), blocks: vec![Block::Paragraph(sentences)] }
}

pub(crate) fn brief(template: Template, sources: &[Snapshot]) -> Brief {
    Brief {
        article: article(),
        template,
        topic: "ferrite".into(),
        keyword: "ferrite".into(),
        secondary: Vec::new(),
        language: "en".into(),
        sources: sources.iter().map(|s| BriefSource::of(s, article(), SourceKind::Primary)).collect(),
        related: Vec::new(),
        vocabulary: Vec::new(),
        members: Vec::new(),
    }
}

/// A text that was published on 1 March 2026.
pub(crate) fn snapshot(body: &str) -> Snapshot {
    let published = "2026-03-01T09:00:00Z".parse().unwrap();
    let (url, title) = ("https://ferrite.example/blog/4-2", Some("Ferrite reads logs".to_owned()));
    Snapshot::compose(body, 1, url, title, None, Some(published), None, Some("en".into()), now(), false)
}

pub(crate) fn coverage(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    lines.only(&["keyword", "secondary", "title", "description", "summary", "paragraph", "source"]);
    let body = lines.all("source").join(" ");
    let sources: Vec<Snapshot> = if body.is_empty() { Vec::new() } else { vec![snapshot(&body)] };
    let mut brief = brief(Template::Radar, &sources);
    brief.keyword = lines.one("keyword", "ferrite");
    brief.secondary = lines.all("secondary");
    let mut draft = draft(Template::Radar);
    draft.title = Sentence::plain(lines.one("title", "Ferrite reads logs"));
    draft.description = Sentence::plain(lines.one("description", "What Ferrite does."));
    draft.summary = lines.all("summary").into_iter().map(Sentence::plain).collect();
    draft.sections = vec![section("", lines.all("paragraph").into_iter().map(Sentence::plain).collect())];
    with_subject(example, &draft, &brief, &sources, gates::coverage)
}

fn with_subject(
    example: &Example,
    draft: &Draft,
    brief: &Brief,
    sources: &[Snapshot],
    judge: impl Fn(&Subject<'_>) -> LayerReport,
) -> LayerReport {
    let snapshots: Snapshots = sources.iter().cloned().collect();
    judge(&Subject {
        draft,
        brief,
        snapshots: &snapshots,
        files: &[],
        inventory: &site(),
        settings: &example.settings,
        keys: &FrontKeys::default(),
        now: now(),
    })
}

pub(crate) fn evidence(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    lines.only(&["source", "aside", "source code", "sentence", "uncited", "code", "cite"]);
    let pieces = |key: &str| lines.all(key);
    let body: Vec<String> = [pieces("source"), pieces("source code"), pieces("aside")].concat();
    let source = snapshot(&body.join("\n\n"));
    let elsewhere = Snapshot::compose("Nothing.", 1, "https://e.example/", None, None, None, None, None, now(), false);
    let cite = |said: &str| {
        let start = source.text.find(said).expect("it stands there");
        Cite { snapshot: source.id.clone(), start, end: start + said.len() }
    };
    let cites: Vec<Cite> = match lines.one("cite", "each source").as_str() {
        "each source" => pieces("source").iter().map(|said| cite(said)).collect(),
        "the whole text" => {
            vec![Cite { snapshot: source.id.clone(), start: source.body_start, end: source.text.len() }]
        }
        "a text that the brief does not have" => {
            vec![Cite { snapshot: elsewhere.id.clone(), start: elsewhere.body_start, end: elsewhere.text.len() }]
        }
        other => panic!("`cite: {other}` is not known"),
    };
    let cited = pieces("sentence").into_iter().map(|text| Sentence { text, cites: cites.clone() });
    let uncited = pieces("uncited").into_iter().map(Sentence::plain);
    let mut draft = draft(Template::Radar);
    (draft.title, draft.description, draft.summary) = Default::default();
    draft.sections = vec![section("", cited.chain(uncited).collect())];
    for (code, stands) in pieces("code").into_iter().zip(pieces("source code")) {
        let cite = Some(cite(&stands));
        draft.sections[0].blocks.push(Block::Code { language: "sh".into(), text: code, cite });
    }
    let brief = brief(Template::Radar, std::slice::from_ref(&source));
    let snapshots: Snapshots = [source.clone(), elsewhere.clone()].into_iter().collect();
    gates::evidence(&draft, &brief, &snapshots, &example.settings).0
}

pub(crate) fn hugo(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    lines.only(&["failed", "page", "title", "heading", "html", "declared", "warning", "site address", "other hugo"]);
    let built = BuiltPage { url: "/posts/ferrite/".into(), html: lines.one("html", "") };
    let outcome = match lines.all("failed").pop() {
        Some(message) => HugoOutcome::Failed { message },
        None => HugoOutcome::Built {
            page: lines.all("page").is_empty().then_some(built),
            warnings: lines.all("warning"),
            site_links: Vec::new(),
        },
    };
    let mut draft = draft(Template::Radar);
    draft.title = Sentence::plain(lines.one("title", ""));
    draft.sections = lines.all("heading").iter().map(|text| section(text, Vec::new())).collect();
    let inventory = Inventory {
        permalinks: site().permalinks.into_iter().chain(lines.all("site address")).collect(),
        other_hugo: lines.all("other hugo").pop().map(|there| OtherHugo { here: "0.168.0".into(), there }),
        ..site()
    };
    let judge = |subject: &Subject<'_>| {
        gates::hugo(&Subject { inventory: &inventory, ..*subject }, &outcome, &lines.all("declared"))
    };
    with_subject(example, &draft, &brief(Template::Radar, &[]), &[], judge)
}

pub(crate) fn judge(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    lines.only(&["samples", "stand-in"]);
    let stand_in = !lines.all("stand-in").is_empty();
    let score = |total: u8| {
        let rest = |taken: u8, most: u8| total.saturating_sub(taken).min(most);
        let (grounding, structure, intent, voice) = (rest(0, 30), rest(30, 25), rest(55, 25), rest(80, 20));
        let (why, judge) = ("Because.".to_owned(), writer("qwen"));
        JudgeScore { grounding, structure, intent, voice, why, judge, stand_in }
    };
    let samples: Vec<JudgeScore> =
        lines.one("samples", "").split(", ").map(|total| score(total.parse().unwrap())).collect();
    layer(Judged::Samples(&samples), &example.settings)
}

pub(crate) fn once(example: &Example) -> LayerReport {
    let lines = Lines::of(example.text);
    let known = ["page", "story", "slug", "title"];
    let all: Vec<String> =
        ["", "published ", "site "].iter().flat_map(|of| known.map(|key| format!("{of}{key}"))).collect();
    lines.only(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let story = |name: String| {
        let origin = Origin::Url { canonical: name, generation: 0 };
        StoryId::of(&ArticleId::of(&"desk".parse().unwrap(), &origin))
    };
    let bytes = |text: String| BytesHash::of([("content/posts/ferrite.md", text.as_bytes())]);
    let published = PublishedBefore {
        bytes: bytes(lines.one("published page", "Another page.")),
        story: story(lines.one("published story", "another story")),
        title: lines.one("published title", "Another title"),
        url: "/posts/before/".into(),
    };
    let mut site = site();
    site.posts = vec![Post {
        slug: lines.one("site slug", "other"),
        title: lines.one("site title", "A third title"),
        url: "/posts/other/".into(),
        ..Post::default()
    }];
    assert!(example.shown.is_empty(), "the rules have no settings");
    gates::once(
        &bytes(lines.one("page", "A page.")),
        &lines.one("title", "A title"),
        &lines.one("slug", "ferrite"),
        &site,
        &[published],
        &story(lines.one("story", "a story")),
    )
}
