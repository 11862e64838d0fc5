//! Invented software, what was written about it, and drafts made from that.

use std::collections::{BTreeMap, BTreeSet};

use gates::inventory::{Inventory, Post, sentence_prints};
use gates::judge::Judged;
use gates::settings::{PerTemplate, Settings};
use gates::{BuiltPage, FrontKeys, HugoOutcome, PublishedBefore, Subject};
use states::words::{
    ArticleId, Block, Brief, BriefSource, BytesHash, Cite, Draft, Origin, PageFile, RelatedPost, Report, Section,
    Sentence, Snapshot, Snapshots, SourceKind, StoryId, Template, Timestamp, Writer,
};

pub(crate) const RELEASE: &str = "\
Ferrite 2.4 is out today. It is a parser generator for log files, written in Rust.

Parsing a 10 MB file now takes 12 ms instead of 40 ms. Rendering takes 25 ms, as before. Memory use fell by 30 percent in our benchmark.

The new release needs Rust 1.85 or later. Support for Rust 1.70 ends on 30 June 2026.

We fixed 37 bugs, and 14 contributors sent patches. The lexer does not allocate memory while it reads a file.

“We did not plan a rewrite; the old lexer simply could not grow any further,” says Jane Doe, who maintains the project.

```toml
[dependencies]
ferrite = \"2.4\"
```
";

pub(crate) const REPORT: &str = "\
Ferrite is used by 1,200 companies, according to a survey that its makers ran in January 2026.

The project received $1.5 million from the Nordlicht fund. Its closest rival, Grist 3.1, parses the same file in 55 ms, and most teams that switched did so because their old tool dropped lines without a warning whenever the disk was slow, which nobody noticed until an auditor asked.
";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn snapshot(body: &str, url: &str, title: &str, author: &str, publisher: &str, published: &str) -> Snapshot {
    Snapshot::compose(
        body,
        1,
        url,
        Some(title.into()),
        Some(author.into()),
        Some(at(published)),
        Some(publisher.into()),
        Some("en".into()),
        at("2026-03-02T06:00:00Z"),
        false,
    )
}

pub(crate) fn article(name: &str) -> ArticleId {
    let origin = Origin::Url { canonical: name.into(), generation: 0 };
    ArticleId::of(&"desk".parse().expect("a name"), &origin)
}

/// One sample: everything that a gate is given, to be changed by a test.
#[derive(Clone)]
pub(crate) struct Sample {
    pub sources: Vec<Snapshot>,
    pub brief: Brief,
    pub draft: Draft,
    pub inventory: Inventory,
    pub settings: Settings,
    pub keys: FrontKeys,
    pub now: Timestamp,
    pub slug: String,
    pub date: String,
    pub extra_front: Vec<String>,
    pub extra_body: String,
    pub hugo: Option<HugoOutcome>,
    pub extra_html: String,
    pub published: Vec<PublishedBefore>,
    pub stand_in: bool,
}

impl Sample {
    /// A good release note.
    pub(crate) fn good() -> Self {
        let sources = vec![
            snapshot(
                RELEASE,
                "https://ferrite.example/blog/2-4",
                "Ferrite 2.4 released",
                "Jane Doe",
                "Ferrite Labs",
                "2026-03-01T09:00:00Z",
            ),
            snapshot(
                REPORT,
                "https://news.example/logs",
                "Who reads your logs?",
                "Omar Haddad",
                "Log Weekly",
                "2026-03-01T18:00:00Z",
            ),
        ];
        let brief = Brief {
            article: article("ferrite"),
            template: Template::Release,
            topic: "Ferrite 2.4, a faster parser generator".into(),
            keyword: "ferrite".into(),
            secondary: vec!["log files".into(), "lexer".into()],
            language: "en".into(),
            sources: sources
                .iter()
                .zip([SourceKind::Primary, SourceKind::Report])
                .map(|(s, kind)| BriefSource::of(s, article(&s.url), kind))
                .collect(),
            related: vec![RelatedPost { title: "Logs".into(), url: "/posts/logs/".into(), description: None }],
            vocabulary: vec!["rust".into(), "logging".into()],
            members: Vec::new(),
        };
        let mut sample = Self {
            sources,
            brief,
            draft: empty(Template::Release),
            inventory: inventory(),
            settings: Settings {
                words: PerTemplate { story: 1_400, digest: 60, radar: 60, release: 100 },
                ..Settings::default()
            },
            keys: FrontKeys::default(),
            now: at("2026-03-02T07:00:00Z"),
            slug: "ferrite-2-4".into(),
            date: "2026-03-02T06:30:00+00:00".into(),
            extra_front: Vec::new(),
            extra_body: String::new(),
            hugo: None,
            extra_html: String::new(),
            published: Vec::new(),
            stand_in: false,
        };
        sample.draft = Draft {
            title: sample.s("Ferrite 2.4 parses log files faster", &["Ferrite 2.4 released", "parser generator", "10 MB file"]),
            description: sample.s(
                "Ferrite 2.4 parses a 10 MB file in 12 ms and needs Rust 1.85.",
                &["Ferrite 2.4 is out", "10 MB file", "needs Rust 1.85"],
            ),
            summary: vec![
                sample.s("Ferrite 2.4 parses a 10 MB file in 12 ms instead of 40 ms.", &["Ferrite 2.4 is out", "10 MB file"]),
                sample.s("Before you upgrade, check that you have Rust 1.85 or later.", &["needs Rust 1.85"]),
            ],
            sections: vec![
                Section {
                    heading: Sentence::plain("What is faster"),
                    blocks: vec![
                        Block::Paragraph(vec![
                            sample.s("Ferrite generates parsers for log files and is written in Rust.", &["parser generator"]),
                            sample.s("In this release, parsing a file of 10 MB takes 12 ms, down from 40 ms, while rendering still takes 25 ms.", &["10 MB file", "Rendering takes"]),
                            sample.s("Memory use in the project's benchmark fell by 30%.", &["Memory use"]),
                            sample.s("The lexer does not allocate memory while reading.", &["does not allocate"]),
                        ]),
                        Block::Paragraph(vec![
                            sample.s("Its rival Grist 3.1 parses the same file in 55 ms.", &["closest rival"]),
                        ]),
                    ],
                },
                Section {
                    heading: Sentence::plain("Who made it, and who uses it"),
                    blocks: vec![
                        Block::List(vec![
                            vec![sample.s("14 contributors sent patches, and 37 bugs were fixed.", &["37 bugs"])],
                            vec![sample.s("“We did not plan a rewrite”, says Jane Doe, who maintains the project.", &["plan a rewrite"])],
                            vec![sample.s("A survey by the makers counted 1,200 companies that use it in January 2026.", &["1,200 companies"])],
                            vec![sample.s("The Nordlicht fund gave the project $1.5 million.", &["Nordlicht"])],
                        ]),
                        Block::Code {
                            language: "toml".into(),
                            text: "[dependencies]\nferrite = \"2.4\"".into(),
                            cite: Some(sample.code_cite()),
                        },
                    ],
                },
                Section {
                    heading: Sentence::plain("What to check before the upgrade"),
                    blocks: vec![Block::Paragraph(vec![
                        sample.s("The release needs Rust 1.85 or later.", &["needs Rust 1.85"]),
                        sample.s("Support for Rust 1.70 ends on 30 June 2026.", &["Support for Rust 1.70"]),
                        Sentence::plain("Plan the upgrade of the toolchain first."),
                    ])],
                },
            ],
            ..sample.draft.clone()
        };
        sample
    }

    /// A sentence that cites the source sentences in which the needles stand.
    pub(crate) fn s(&self, text: &str, needles: &[&str]) -> Sentence {
        Sentence { text: text.into(), cites: needles.iter().map(|n| self.cite(n)).collect() }
    }

    pub(crate) fn cite(&self, needle: &str) -> Cite {
        for source in &self.brief.sources {
            let snapshot = self.sources.iter().find(|s| s.id == source.snapshot).expect("a snapshot");
            if let Some(span) = source.sentences.iter().find(|span| span.of(&snapshot.text).contains(needle)) {
                return Cite { snapshot: snapshot.id.clone(), start: span.start, end: span.end };
            }
        }
        panic!("no source sentence has `{needle}`");
    }

    fn code_cite(&self) -> Cite {
        let text = &self.sources[0].text;
        let start = text.find("[dependencies]").expect("code");
        let end = text[start..].find("```").expect("an end") + start;
        Cite { snapshot: self.sources[0].id.clone(), start, end }
    }

    /// Replaces a sentence by another with the same citations.
    pub(crate) fn replace(&mut self, from: &str, to: &str) {
        let found =
            self.sentences_mut().into_iter().find(|s| s.text.contains(from)).unwrap_or_else(|| panic!("no `{from}`"));
        found.text = found.text.replace(from, to);
    }

    pub(crate) fn sentences_mut(&mut self) -> Vec<&mut Sentence> {
        let draft = &mut self.draft;
        let mut all: Vec<&mut Sentence> = vec![&mut draft.title, &mut draft.description];
        all.extend(draft.summary.iter_mut());
        for section in &mut draft.sections {
            all.push(&mut section.heading);
            for block in &mut section.blocks {
                match block {
                    Block::Paragraph(sentences) => all.extend(sentences.iter_mut()),
                    Block::List(points) => all.extend(points.iter_mut().flatten()),
                    Block::Code { .. } => {}
                }
            }
        }
        all
    }

    pub(crate) fn snapshots(&self) -> Snapshots {
        self.sources.iter().cloned().collect()
    }

    pub(crate) fn path(&self) -> String {
        format!("content/posts/{}.md", self.slug)
    }

    /// The page as a plain renderer writes it.
    pub(crate) fn page(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(text).expect("text");
        let mut out = String::from("---\n");
        for (key, value) in [
            ("title", quoted(&self.draft.title.text)),
            ("description", quoted(&self.draft.description.text)),
            ("date", self.date.clone()),
            ("tags", serde_json::to_string(&self.draft.tags).expect("tags")),
        ] {
            out.push_str(&format!("{key}: {value}\n"));
        }
        for line in &self.extra_front {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str("---\n\n");
        let join = |sentences: &[Sentence]| sentences.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ");
        out.push_str(&join(&self.draft.summary));
        out.push('\n');
        for section in &self.draft.sections {
            out.push_str(&format!("\n## {}\n", section.heading.text));
            for block in &section.blocks {
                match block {
                    Block::Paragraph(sentences) => out.push_str(&format!("\n{}\n", join(sentences))),
                    Block::List(points) => {
                        out.push('\n');
                        points.iter().for_each(|p| out.push_str(&format!("- {}\n", join(p))));
                    }
                    Block::Code { language, text, .. } => out.push_str(&format!("\n```{language}\n{text}\n```\n")),
                }
            }
        }
        out.push_str("\nSee also [Logs](/posts/logs/) and the [announcement](https://ferrite.example/blog/2-4).\n");
        out.push_str(&self.extra_body);
        out
    }

    fn html(&self) -> String {
        let mut html = format!(
            "<!doctype html><html><head><title>{0}</title><script src=\"/js/site.js\"></script></head><body><nav><a href=\"/\">Home</a><a href=\"https://social.example/@desk\">Follow</a></nav><article><h1>{0}</h1>",
            self.draft.title.text
        );
        for section in &self.draft.sections {
            html.push_str(&format!("<h2>{}</h2><p>…</p>", section.heading.text));
        }
        html.push_str(
            "<a href=\"/posts/logs/\">Logs</a> <a href=\"https://ferrite.example/blog/2-4\">announcement</a>",
        );
        html.push_str(&self.extra_html);
        html.push_str("</article></body></html>");
        html
    }

    /// The whole report.
    pub(crate) fn report(&self) -> Report {
        let snapshots = self.snapshots();
        let files = [PageFile { path: self.path(), text: self.page() }];
        let subject = Subject {
            draft: &self.draft,
            brief: &self.brief,
            snapshots: &snapshots,
            files: &files,
            inventory: &self.inventory,
            settings: &self.settings,
            keys: &self.keys,
            now: self.now,
        };
        let built = HugoOutcome::Built {
            page: Some(BuiltPage { url: format!("/posts/{}/", self.slug), html: self.html() }),
            warnings: Vec::new(),
            site_links: vec!["https://social.example/@desk".into()],
        };
        let declared: Vec<String> = self.sources.iter().map(|s| s.url.clone()).collect();
        let bytes = BytesHash::of(files.iter().map(|f| (f.path.as_str(), f.text.as_bytes())));
        let (evidence, rows) = gates::evidence(&self.draft, &self.brief, &snapshots, &self.settings);
        let mut layers = vec![
            gates::form(&subject),
            gates::hugo(&subject, self.hugo.as_ref().unwrap_or(&built), &declared),
            gates::coverage(&subject),
            evidence,
        ];
        let mut score = gates::judge::built_in(&subject, &layers);
        score.stand_in = self.stand_in;
        layers.push(gates::judge::layer(Judged::Score(&score), &self.settings));
        let story = StoryId::of(&self.brief.article);
        layers.push(gates::once(&bytes, &self.draft.title.text, &self.slug, &self.inventory, &self.published, &story));
        Report { bytes, ruleset: "rules-of-the-test".into(), layers, score: Some(score), evidence: rows }
    }

    /// The report as text, without the hash of the page, which changes with every word of it.
    pub(crate) fn told(&self) -> String {
        let report = self.report();
        gates::text::report(&report).replace(report.bytes.short(), "<page>")
    }
}

fn empty(template: Template) -> Draft {
    Draft {
        template,
        title: Sentence::default(),
        description: Sentence::default(),
        summary: Vec::new(),
        sections: Vec::new(),
        keyword: "ferrite".into(),
        tags: vec!["rust".into()],
        writer: Writer { provider: "box".into(), model: "small".into(), family: "llama".into() },
    }
}

fn inventory() -> Inventory {
    Inventory {
        base_url: Some("https://desk.example/".into()),
        posts: vec![Post {
            path: "content/posts/logs.md".into(),
            url: "/posts/logs/".into(),
            title: "How we read logs".into(),
            slug: "logs".into(),
            tags: vec!["logging".into()],
            sentences: sentence_prints(
                "This desk collects what is new about logs and tells it in short. Nothing else.",
            ),
            ..Post::default()
        }],
        vocabulary: BTreeSet::from(["rust".to_owned(), "logging".to_owned()]),
        files: BTreeSet::from(["/js/site.js".to_owned()]),
        permalinks: BTreeSet::from(["/tags/rust/".to_owned()]),
        ..Inventory::default()
    }
}

/// Codes of findings and how often each was made.
pub(crate) fn codes(report: &Report) -> BTreeMap<String, usize> {
    report.findings().fold(BTreeMap::new(), |mut all, f| {
        *all.entry(f.code.clone()).or_default() += 1;
        all
    })
}
