//! A small draft about invented software.

use states::words::{
    ArticleId, Block, Brief, BriefSource, Cite, Draft, EvidenceRow, PageIdentity, Place, RelatedPost, Section,
    Sentence, Snapshot, Snapshots, SourceKind, Template, Writer,
};

pub(super) struct Case {
    pub(super) article: ArticleId,
    pub(super) draft: Draft,
    pub(super) brief: Brief,
    pub(super) snapshots: Snapshots,
    pub(super) identity: PageIdentity,
    pub(super) rows: Vec<EvidenceRow>,
}

pub(super) fn snapshot(body: &str, url: &str, title: &str) -> Snapshot {
    let published = Some("2026-03-01T10:00:00Z".parse().unwrap());
    let publisher = Some("Quarry Project".to_owned());
    let fetched = "2026-03-02T00:00:00Z".parse().unwrap();
    Snapshot::compose(body, 1, url, Some(title.into()), None, published, publisher, Some("en".into()), fetched, false)
}

pub(super) fn cite(snapshot: &Snapshot, text: &str) -> Cite {
    let start = snapshot.text.find(text).unwrap();
    Cite { snapshot: snapshot.id.clone(), start, end: start + text.len() }
}

/// An article on two sources, one of them a file.
pub(super) fn case() -> Case {
    let notes = snapshot(
        "Quarry 2.4.1 was released. Queries are 12% faster.",
        "https://quarry.example/releases/2.4.1?a=1&b=2",
        "Quarry 2.4.1 released",
    );
    let report = snapshot("Users say that upgrades took four minutes.", "file:///srv/notes/report.md", "A report");
    let article: ArticleId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let brief = Brief {
        article: article.clone(),
        template: Template::Story,
        topic: "Quarry 2.4.1".into(),
        keyword: "quarry".into(),
        secondary: vec![],
        language: "en".into(),
        sources: vec![
            BriefSource::of(&notes, article.clone(), SourceKind::Primary),
            BriefSource::of(&report, article.clone(), SourceKind::Report),
        ],
        related: vec![RelatedPost { title: "Quarry 2.3".into(), url: "/posts/quarry-2-3/".into(), description: None }],
        vocabulary: vec![],
        members: vec![],
    };
    let proven = |text: &str, by: Cite| Sentence { text: text.into(), cites: vec![by] };
    let released = cite(&notes, "Quarry 2.4.1 was released.");
    let faster = cite(&notes, "Queries are 12% faster.");
    let minutes = cite(&report, "Users say that upgrades took four minutes.");
    let draft = Draft {
        template: Template::Story,
        title: proven("Quarry 2.4.1 is out", released.clone()),
        description: proven("What Quarry 2.4.1 changes.", released.clone()),
        summary: vec![
            proven("Quarry 2.4.1 is out.", released.clone()),
            proven("Queries are 12% faster.", faster.clone()),
        ],
        sections: vec![
            Section {
                heading: Sentence::plain("What changed"),
                blocks: vec![
                    Block::Paragraph(vec![
                        Sentence::plain("Two things stand out."),
                        proven("Upgrades took four minutes.", minutes.clone()),
                    ]),
                    Block::List(vec![
                        vec![proven("Queries are 12% faster.", faster.clone())],
                        vec![Sentence::plain("Less memory.")],
                    ]),
                ],
            },
            Section {
                heading: proven("Upgrading to 2.4.1", released.clone()),
                blocks: vec![
                    Block::Code {
                        language: "sh".into(),
                        text: "quarry upgrade --to 2.4.1\n".into(),
                        cite: Some(released.clone()),
                    },
                    Block::Paragraph(vec![Sentence::plain("Then restart it.")]),
                ],
            },
        ],
        keyword: "quarry".into(),
        tags: vec!["Databases".into(), "releases".into()],
        writer: Writer { provider: "builtin".into(), model: "extractive".into(), family: "builtin".into() },
    };
    let rows = vec![EvidenceRow {
        place: Place::Summary { sentence: 1 },
        kind: "percent".into(),
        claim: "12%".into(),
        cite: Some(faster),
    }];
    Case {
        article,
        draft,
        brief,
        snapshots: [notes, report].into_iter().collect(),
        identity: PageIdentity { slug: "quarry-2-4-1-is-out".into(), dated: "2026-03-02T08:30:00Z".parse().unwrap() },
        rows,
    }
}

impl Case {
    pub(super) fn render(
        &self,
        page: &super::super::SitePage,
    ) -> Result<Vec<states::words::PageFile>, super::super::PageError> {
        super::super::render(page, &self.article, &self.draft, &self.brief, &self.snapshots, &self.identity, &self.rows)
    }
}
