//! Speed of the parts that run for every lead and every draft, over the sample leads, in one run. `make bench` prints it.

#[path = "desk/story.rs"]
mod story;

use std::path::Path;
use std::time::Instant;

use pipeline::models::{
    Asking, BoundarySecret, DraftInput, Provider, ProviderOptions, Question, TaskInput, parse_draft,
};
use pipeline::templates::Templates;
use sources::{Door, DoorOptions, Fingerprint, Polite, SourceSpec, extract, fetch, poll};
use states::words::{
    ArticleId, Brief, BriefSource, Origin, SiteName, Snapshot, Snapshots, SourceKind, Template, Timestamp,
};

#[path = "desk/site.rs"]
mod site;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let snapshots = runtime.block_on(samples())?;
    row("what", "each", "per second");

    let ten_thousand: String = snapshots.iter().cycle().map(Snapshot::body).flat_map(str::chars).take(10_000).collect();
    measure("fingerprint, 10,000 characters", 400, || {
        std::hint::black_box(Fingerprint::of(&ten_thousand));
    });
    let (a, b) = (Fingerprint::of(snapshots[0].body()), Fingerprint::of(snapshots[1].body()));
    measure("compare two fingerprints", 100_000, || {
        std::hint::black_box(a.similarity(&b));
    });
    let html = page(&snapshots[0]);
    measure("extract a page of 700 words", 100, || {
        let _ = std::hint::black_box(extract(&html, "https://samples.example/a"));
    });

    let (brief, all) = brief(&snapshots)?;
    let (templates, secret) = (Templates::built_in(), BoundarySecret::new([7; 32]));
    let input = DraftInput {
        brief: brief.clone(),
        snapshots: all.clone(),
        previous: None,
        findings: Vec::new(),
        note: None,
        history: Vec::new(),
        voice: String::new(),
    };
    let question = Question::draft(input, &Asking::new(&templates, &secret))?;
    assert!(matches!(question.input, TaskInput::Draft(_)));
    let provider = Provider::new(ProviderOptions::BuiltIn)?;
    measure("write a digest of five sources (built-in)", 10, || {
        let _ = std::hint::black_box(runtime.block_on(provider.ask(&question)));
    });
    let answer = runtime.block_on(provider.ask(&question))?;
    let draft = parse_draft(&answer.text, &brief, &all, provider.writer(&answer))?;
    let settings = gates::settings::Settings::default();
    let (report, rows) = gates::evidence(&draft, &brief, &all, &settings);
    measure(&format!("evidence of that digest ({} claims)", rows.len()), 20, || {
        std::hint::black_box(gates::evidence(&draft, &brief, &all, &settings));
    });
    gate()?;
    assert!(
        !rows.is_empty() && report.figures.contains_key("claims"),
        "the bench measures a draft that claims something"
    );
    site::gate_on_a_thousand_posts()?;
    Ok(())
}

/// All layers but Hugo and a model, over a story from five sources.
fn gate() -> Result<()> {
    let story = story::story()?;
    let (settings, inventory, keys) = Default::default();
    let subject = gates::Subject {
        draft: &story.draft,
        brief: &story.brief,
        snapshots: &story.snapshots,
        files: &story.files,
        inventory: &inventory,
        settings: &settings,
        keys: &keys,
        now: "2026-04-02T00:00:00Z".parse()?,
    };
    let (report, _) = gates::evidence(&story.draft, &story.brief, &story.snapshots, &settings);
    assert_eq!(report.findings, [], "all of the story stands in its sources");
    let words: usize = story.files.iter().map(|f| states::words::text::count_words(&f.text)).sum();
    measure(&format!("gate a story of {words} words, five sources (goal 20 ms)"), 40, || {
        std::hint::black_box((gates::form(&subject), gates::coverage(&subject)));
        std::hint::black_box(gates::evidence(&story.draft, &story.brief, &story.snapshots, &settings));
    });
    Ok(())
}

/// The sample leads, read as a run reads them.
async fn samples() -> Result<Vec<Snapshot>> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    let now: Timestamp = "2026-11-21T06:00:00Z".parse()?;
    let web = Polite::from(Door::new(DoorOptions::default())?);
    let spec = SourceSpec::Files { path: "sources/samples".into() };
    let polled = poll(&web, &spec, base, &Default::default(), &[], now).await?;
    let mut all = Vec::new();
    for entry in polled.entries {
        all.push(fetch(&web, &entry.url, base, &[], entry.carried(), now).await?.snapshot);
    }
    Ok(all)
}

fn brief(snapshots: &[Snapshot]) -> Result<(Brief, Snapshots)> {
    let site: SiteName = "bench".parse()?;
    let id = |url: &str| ArticleId::of(&site, &Origin::Url { canonical: url.to_owned(), generation: 0 });
    let five = &snapshots[..5];
    let brief = Brief {
        article: id("digest"),
        template: Template::Digest,
        topic: "databases".into(),
        keyword: "release".into(),
        secondary: Vec::new(),
        language: "en".into(),
        sources: five.iter().map(|s| BriefSource::of(s, id(&s.url), SourceKind::Primary)).collect(),
        related: Vec::new(),
        vocabulary: Vec::new(),
        members: Vec::new(),
    };
    Ok((brief, five.iter().cloned().collect()))
}

/// An article page around a text, with what pages have around theirs.
fn page(snapshot: &Snapshot) -> String {
    let paragraphs: String =
        snapshot.body().split("\n\n").map(|p| format!("<p>{}</p>\n", p.replace('<', "&lt;"))).collect();
    let menu: String = (0..40).map(|n| format!("<li><a href=\"/{n}\">Entry {n}</a></li>")).collect();
    format!(
        "<html><head><title>A page</title></head><body><nav><ul>{menu}</ul></nav><article><h1>A page</h1>{paragraphs}\
         </article><footer><ul>{menu}</ul></footer></body></html>"
    )
}

fn measure(what: &str, times: u32, mut work: impl FnMut()) {
    work();
    let began = Instant::now();
    for _ in 0..times {
        work();
    }
    let each = began.elapsed().as_secs_f64() / f64::from(times);
    row(what, &format!("{:.3} ms", each * 1e3), &format!("{:.0}", 1.0 / each));
}

#[allow(clippy::print_stdout, reason = "a bench prints its table")]
fn row(what: &str, each: &str, rate: &str) {
    println!("{what:<60} {each:>14} {rate:>14}");
}
