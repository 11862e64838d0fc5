//! The gate again, over stored drafts and pages.

use gates::inventory::Inventory;
use gates::{Subject, judge, rules};
use states::event::Event;
use states::state::Gated;
use states::words::{Finding, Layer, LayerReport, Report, Severity, StoryId, Timestamp, Verdict};

use super::past::Past;
use super::{Backtest, Change, Decision};
use crate::config::{Config, Site};
use crate::engine::EngineError;
use crate::engine::perform::{GateInput, front_keys};
use crate::store::{ArticleRow, Store};

/// Rules that speak of what the site had then: their findings are those of then.
const OF_THE_SITE: [&str; 5] =
    ["form/tag-unknown", "form/slug-taken", "form/link-missing", "coverage/repeated", "coverage/boilerplate"];

/// Checks every stored draft again.
pub(super) async fn again(config: &Config, store: &Store, past: &Past, test: &mut Backtest) -> Result<(), EngineError> {
    let mut drafts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (article, row) in past.recent_rows() {
        let Event::Gated { gated, verdict, .. } = &row.event else { continue };
        let Some(site) = config.site(&article.site) else { continue };
        let n = drafts.entry(article.id.as_str()).or_default();
        *n += 1;
        let (now, why) = match checked(site, store, article, past, gated, row.at).await {
            Ok(checked) => checked,
            Err(why) => {
                test.note(format!("a draft of “{}” cannot be checked again: {why}", article.label()));
                continue;
            }
        };
        for word in ["pass", "review", "revise", "reject", "not run"] {
            if verdict.word() == word || now.word() == word {
                test.count(&format!("gate: {word}"), verdict.word() == word, now.word() == word);
            }
        }
        if now.word() == verdict.word() {
            continue;
        }
        if matches!(now, Verdict::Revise) {
            test.note("what a draft that is sent back would have become is not known: nobody has written it");
        }
        test.changes.push(Change {
            article: article.id.short().to_owned(),
            title: article.label(),
            decision: Decision::Gate,
            then: verdict.word().to_owned(),
            now: now.word().to_owned(),
            why: format!("draft {n}: {why}"),
        });
    }
    Ok(())
}

/// What the gate says of a stored draft under the site's settings, and because of what.
async fn checked(
    site: &Site,
    store: &Store,
    article: &ArticleRow,
    past: &Past,
    gated: &Gated,
    at: Timestamp,
) -> Result<(Verdict, String), String> {
    let words = |e: crate::store::StoreError| e.to_string();
    let report = store.report(&gated.report).await.map_err(words)?;
    let (brief, draft) = store.draft_of(&gated.bytes).await.map_err(words)?;
    let brief = store.brief(&brief).await.map_err(words)?;
    let snapshots = store.snapshots_of(&brief).await.map_err(words)?;
    let files = store.page(&gated.bytes).await.map_err(words)?;
    let story = past.stories.get(&article.id).cloned().unwrap_or_else(|| StoryId::of(&article.id));
    let page = states::words::PageIdentity { slug: String::new(), dated: at };
    let input = GateInput {
        article: &article.id,
        story: &story,
        draft: &draft,
        brief: &brief,
        snapshots: &snapshots,
        page: &page,
    };
    let keys = front_keys(&site.page, &input);
    let inventory = Inventory::default();
    let settings = &site.gate;
    let subject = Subject {
        draft: &draft,
        brief: &brief,
        snapshots: &snapshots,
        files: &files,
        inventory: &inventory,
        settings,
        keys: &keys,
        now: at,
    };
    let (evidence, _) = gates::evidence(&draft, &brief, &snapshots, settings);
    let then = |layer: Layer| report.layers.iter().find(|l| l.layer == layer);
    let mut layers = vec![
        with_the_site(gates::form(&subject), then(Layer::Form), site),
        with_the_site(gates::coverage(&subject), then(Layer::Coverage), site),
        evidence,
    ];
    for layer in [Layer::Hugo, Layer::Once] {
        layers.extend(then(layer).map(|then| weighed(then.clone(), site)));
    }
    let so_far = Verdict::fold(layers.iter().filter(|l| counts(l.layer, site)).map(|l| l.verdict.clone()));
    layers.push(judged(&report, &so_far, site));
    layers.retain(|l| counts(l.layer, site));
    let verdict = Verdict::fold(layers.iter().map(|l| l.verdict.clone()));
    let why = layers.iter().find(|l| l.verdict == verdict).map_or_else(
        || "no layer objects".to_owned(),
        |layer| match layer.findings.iter().find(|f| f.severity == Severity::Error).or(layer.findings.first()) {
            Some(finding) => format!("{}: {}", finding.code, finding.message),
            None => format!("{} says {}", layer.layer, layer.verdict.word()),
        },
    );
    Ok((verdict, why))
}

fn counts(layer: Layer, site: &Site) -> bool {
    site.gate.requires(layer) || layer == Layer::Once
}

/// A layer that was checked again, with what was found then of what the site had.
fn with_the_site(now: LayerReport, then: Option<&LayerReport>, site: &Site) -> LayerReport {
    let of_the_site = |f: &Finding| OF_THE_SITE.contains(&f.code.as_str());
    let mut findings: Vec<Finding> = now.findings.into_iter().filter(|f| !of_the_site(f)).collect();
    findings.extend(then.into_iter().flat_map(|l| l.findings.iter()).filter(|f| of_the_site(f)).cloned());
    weighed(LayerReport { findings, verdict: Verdict::Pass, ..now }, site)
}

/// Findings of then with the severities of now. A layer that did not run, or decides otherwise than by errors, says what it said.
fn weighed(layer: LayerReport, site: &Site) -> LayerReport {
    let weigh = |mut finding: Finding| {
        let severity = rules::find(&finding.code).map(|rule| site.gate.severity(rule));
        finding.severity = severity.unwrap_or(Some(finding.severity))?;
        Some(finding)
    };
    let findings: Vec<Finding> = layer.findings.into_iter().filter_map(weigh).collect();
    let errors = findings.iter().any(|f| f.severity == Severity::Error);
    let verdict = match layer.verdict {
        Verdict::Pass | Verdict::Revise if errors => Verdict::Revise,
        Verdict::Pass | Verdict::Revise => Verdict::Pass,
        other => other,
    };
    LayerReport { findings, verdict, ..layer }
}

/// The judge's score of then against the bounds of now.
fn judged(report: &Report, so_far: &Verdict, site: &Site) -> LayerReport {
    if matches!(so_far, Verdict::Revise | Verdict::Reject) {
        let cause = "an earlier layer asks for a revision".to_owned();
        return judge::layer(judge::Judged::NotRun { cause: &cause }, &site.gate);
    }
    let Some(score) = &report.score else {
        let cause = "the judge was not asked then".to_owned();
        return judge::layer(judge::Judged::NotRun { cause: &cause }, &site.gate);
    };
    let layer = judge::layer(judge::Judged::Score(score), &site.gate);
    // Samples on both sides of a bound went to a person; they are not kept one by one.
    let spread = report.layers.iter().any(|l| l.layer == Layer::Judge && l.figures.contains_key("spread"));
    let verdict = if spread { Verdict::fold([layer.verdict, Verdict::Review]) } else { layer.verdict };
    LayerReport { verdict, ..layer }
}
