//! A story of 1,500 words from five sources of 1,500 to 2,500 words each, about software that nobody has written.

use states::words::{
    ArticleId, Block, Brief, BriefSource, Cite, Draft, Origin, PageFile, Section, Sentence, SiteName, Snapshot,
    Snapshots, SourceKind, Template, Timestamp, Writer,
};

const THINGS: [&str; 12] = [
    "lexer", "parser", "cache", "index", "buffer", "socket", "thread", "queue", "scanner", "writer", "planner",
    "router",
];
const DEEDS: [&str; 12] =
    ["reads", "writes", "splits", "joins", "checks", "sorts", "keeps", "moves", "marks", "counts", "packs", "sends"];
const PLACES: [&str; 10] = [
    "on a small server",
    "in the test lab",
    "under heavy load",
    "behind a slow link",
    "after a cold start",
    "on spinning disks",
    "with a warm cache",
    "in the first minute",
    "beside other work",
    "without any tuning",
];
const PEOPLE: [&str; 6] = ["Jane Doe", "Omar Field", "Lin Sato", "Eva Brandt", "Tom Hale", "Ana Reyes"];

/// What a gate is given.
pub(crate) struct Story {
    pub(crate) draft: Draft,
    pub(crate) brief: Brief,
    pub(crate) snapshots: Snapshots,
    pub(crate) files: Vec<PageFile>,
}

/// One sentence of a source: figures, versions, dates and names in turn.
fn sentence(source: usize, i: usize) -> String {
    let n = source * 131 + i * 17;
    let (thing, deed, other) = (THINGS[n % 12], DEEDS[(n / 3) % 12], THINGS[(n / 5 + 1) % 12]);
    let (place, person) = (PLACES[n % 10], PEOPLE[n % 6]);
    match i % 5 {
        0 => {
            format!("In Ferrite 3.{source}.{i}, the {thing} {deed} {} records in {} ms {place}.", 1_000 + n * 3, i + 4)
        }
        1 => format!(
            "{person} says that the {thing} {deed} what the {other} left over, and that nobody missed it {place}."
        ),
        2 => format!(
            "The {other} took {}.{} GB of memory {place}, {} percent less than the {thing} before it.",
            n % 9 + 1,
            i % 10,
            n % 60 + 3
        ),
        3 => format!(
            "“The {thing} never {deed} more than the {other} asks for,” {person} wrote on {} March 2026.",
            i % 28 + 1
        ),
        _ => format!(
            "Whoever runs the {thing} {place} should look at the {other} first, because it {deed} {} files at a time.",
            n % 90 + 10
        ),
    }
}

fn snapshot(source: usize) -> Snapshot {
    let mut body = String::new();
    // Between 1,500 and 2,500 words.
    for i in 0..90 + source * 12 {
        body.push_str(&sentence(source, i));
        body.push_str(if i % 4 == 3 { "\n\n" } else { " " });
    }
    let url = format!("https://s{source}.example/ferrite");
    let told = "2026-04-01T00:00:00Z".parse::<Timestamp>().ok();
    let title = Some(format!("Ferrite notes {source}"));
    Snapshot::compose(&body, 1, &url, title, None, told, None, None, Timestamp::UNIX_EPOCH, false)
}

/// A story in which every sentence of the sections stands in a source, cited.
pub(crate) fn story() -> Result<Story, String> {
    let site: SiteName = "bench".parse().map_err(|e| format!("{e}"))?;
    let id = |url: &str| ArticleId::of(&site, &Origin::Url { canonical: url.to_owned(), generation: 0 });
    let snapshots: Vec<Snapshot> = (0..5).map(snapshot).collect();
    let sources: Vec<BriefSource> =
        snapshots.iter().map(|s| BriefSource::of(s, id(&s.url), SourceKind::Primary)).collect();
    let section = |(source, snapshot): (&BriefSource, &Snapshot)| {
        let spans = source.body_sentences(snapshot).step_by(4).take(19);
        let said: Vec<Sentence> = spans
            .map(|span| Sentence {
                text: span.of(&snapshot.text).replacen("should look", "ought to look", 1),
                cites: vec![Cite { snapshot: snapshot.id.clone(), start: span.start, end: span.end }],
            })
            .collect();
        let blocks = said.chunks(4).map(|block| Block::Paragraph(block.to_vec())).collect();
        Section { heading: Sentence::plain("What the notes say"), blocks }
    };
    let sections: Vec<Section> = sources.iter().zip(&snapshots).map(section).collect();
    let draft = Draft {
        template: Template::Story,
        title: Sentence::plain("What the notes say"),
        description: Sentence::plain("What the notes say, in short."),
        summary: vec![Sentence::plain("What the notes say, told in one.")],
        sections,
        keyword: "notes".into(),
        tags: vec!["notes".into()],
        writer: Writer { provider: "bench".into(), model: "none".into(), family: "builtin".into() },
    };
    let brief = Brief {
        article: id("story"),
        template: Template::Story,
        topic: "notes".into(),
        keyword: "notes".into(),
        secondary: Vec::new(),
        language: "en".into(),
        sources,
        related: Vec::new(),
        vocabulary: Vec::new(),
        members: Vec::new(),
    };
    let files = vec![PageFile { path: "content/posts/notes/index.md".into(), text: page(&draft) }];
    Ok(Story { draft, brief, snapshots: snapshots.into_iter().collect(), files })
}

fn page(draft: &Draft) -> String {
    let mut text = format!(
        "---\ntitle: {}\ndate: 2026-04-02T00:00:00Z\ndescription: {}\ntags:\n- notes\n---\n\n",
        draft.title.text, draft.description.text
    );
    for section in &draft.sections {
        text.push_str(&format!("## {}\n\n", section.heading.text));
        for block in &section.blocks {
            if let Block::Paragraph(sentences) = block {
                let all: Vec<&str> = sentences.iter().map(|s| s.text.as_str()).collect();
                text.push_str(&format!("{}\n\n", all.join(" ")));
            }
        }
    }
    text
}
