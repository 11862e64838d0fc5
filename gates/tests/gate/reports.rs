//! Whole reports of sample drafts, good and bad, as a person reads them.

use crate::support::{Sample, article, codes};
use gates::settings::Level;
use gates::{BuiltPage, HugoOutcome, PublishedBefore};
use insta::assert_snapshot;
use states::words::{Block, BytesHash, Cite, Sentence, StoryId, Template, Verdict};

#[test]
fn a_good_release_note_passes() {
    let sample = Sample::good();
    assert_snapshot!(sample.told());
    assert_eq!(sample.report().verdict(), Verdict::Pass);
}

#[test]
fn the_evidence_table_shows_the_bytes_of_the_source() {
    let sample = Sample::good();
    assert_snapshot!(gates::text::evidence_table(&sample.report().evidence, &sample.snapshots()));
}

#[test]
fn figures_swapped_within_one_page_are_named() {
    let mut sample = Sample::good();
    sample.replace(
        "takes 12 ms, down from 40 ms, while rendering still takes 25 ms",
        "takes 25 ms, while rendering still takes 12 ms",
    );
    assert_snapshot!(sample.told());
}

#[test]
fn a_wrong_version_a_wrong_date_and_another_currency_are_named() {
    let mut sample = Sample::good();
    sample.replace("Grist 3.1", "Grist 3.2");
    sample.replace("30 June 2026", "30 July 2026");
    sample.replace("$1.5 million", "€1.5 million");
    sample.replace("1,200 companies", "12,000 companies");
    assert_snapshot!(sample.told());
}

#[test]
fn an_altered_quotation_and_an_unknown_name_are_named() {
    let mut sample = Sample::good();
    sample.replace("“We did not plan a rewrite”, says Jane Doe", "“We never planned a rewrite”, says John Miller");
    assert_snapshot!(sample.told());
}

#[test]
fn claims_without_citations_are_named() {
    let mut sample = Sample::good();
    sample.replace("Plan the upgrade of the toolchain first.", "Acme Corp saw 80% fewer crashes after 3 weeks.");
    sample.draft.sections[1].blocks.truncate(0);
    let bare = vec![Sentence::plain("It is used by many people.")];
    sample.draft.sections[1].blocks.push(Block::Paragraph(bare));
    assert_snapshot!(sample.told());
}

#[test]
fn what_the_source_denies_or_says_the_other_way_round_is_named() {
    let mut sample = Sample::good();
    sample.replace("does not allocate memory", "allocates memory");
    sample.replace("fell by 30%", "rose by 30%");
    assert_snapshot!(sample.told());
}

#[test]
fn copied_text_and_altered_code_are_named() {
    let mut sample = Sample::good();
    let copied = sample.s(
        "Most teams that switched did so because their old tool dropped lines without a warning whenever the disk was slow, which nobody noticed until an auditor asked.",
        &["closest rival"],
    );
    sample.draft.sections[0].blocks.push(Block::Paragraph(vec![copied]));
    if let Block::Code { text, .. } = &mut sample.draft.sections[1].blocks[1] {
        *text = "[dependencies]\nferrite = \"2.5\"".into();
    }
    assert_snapshot!(sample.told());
}

#[test]
fn broken_and_boundless_citations_are_named() {
    let mut sample = Sample::good();
    let whole = Cite { snapshot: sample.sources[0].id.clone(), start: 0, end: sample.sources[0].text.len() };
    let beyond = Cite { end: 99_999, ..whole.clone() };
    let stranger = Cite {
        snapshot: crate::support::snapshot("x", "https://x.example/", "x", "x", "x", "2026-01-01T00:00:00Z").id,
        ..whole.clone()
    };
    sample.settings.max_cited_bytes = 300;
    let cites = [whole, beyond, stranger];
    let mut sentences = sample.sentences_mut();
    for (sentence, cite) in sentences.iter_mut().skip(3).filter(|s| !s.cites.is_empty()).zip(cites) {
        sentence.cites = vec![cite];
    }
    assert_snapshot!(sample.told());
}

#[test]
fn a_date_after_its_source_is_named() {
    let mut sample = Sample::good();
    sample.sources[0].published = Some(crate::support::at("2025-12-01T00:00:00Z"));
    sample.sources[1].published = Some(crate::support::at("2025-12-01T00:00:00Z"));
    let report = sample.report();
    assert_eq!(
        codes(&report).get("evidence/dated-after"),
        Some(&1),
        "the survey of January 2026; the end of support is a plan"
    );
}

#[test]
fn a_hostile_page_is_taken_apart() {
    let mut sample = Sample::good();
    sample.extra_front = vec![
        "aliases: [/]".into(),
        "Cascade: {outputs: [html]}".into(),
        "author: \"{{< evil >}}\"".into(),
        "slug: \"../up\"".into(),
    ];
    sample.extra_body = "\n<script>alert(1)</script>\n\n```\n{{% include \"/etc/passwd\" %}}\n```\n\n## Heading {onclick=\"x()\"}\n\n{{ .Site.Params.secret }} and {% raw %} pass\u{202e}word\n\n[click](javascript:alert(1)) [rel](//evil.example/) ![p](https://evil.example/pixel.gif)\n\n~~~text\nopen\n".into();
    assert_snapshot!(sample.told());
}

#[test]
fn front_matter_that_is_wrong_is_named_by_its_keys() {
    let mut sample = Sample::good();
    sample.date = "2026-03-02T09:30:00+00:00".into();
    sample.draft.tags = vec!["Rust".into(), "gardening".into(), "gardening".into()];
    sample.draft.description = Sentence::plain("");
    sample.slug = "logs".into();
    sample.extra_front = vec!["draft: true".into(), "summary: [a, b]".into()];
    sample.keys.constants.insert("layout".into(), "post".into());
    assert_snapshot!(sample.told());
}

#[test]
fn a_date_without_offset_is_named() {
    let mut sample = Sample::good();
    sample.date = "2026-03-02".into();
    assert_eq!(codes(&sample.report()).get("form/date-offset"), Some(&1));
}

#[test]
fn headings_and_links_that_are_wrong_are_named() {
    let mut sample = Sample::good();
    sample.extra_body = "\n# Second title\n\n#### Too deep\n\n[gone](/posts/gone/) [file](old.md) [anchor](#nowhere) ![img](/img/none.png)\n".into();
    sample
        .replace("Plan the upgrade of the toolchain first.", "Let us delve into the toolchain; it is a game-changer.");
    assert_snapshot!(sample.told());
}

#[test]
fn a_built_page_with_things_that_nobody_declared_is_named() {
    let mut sample = Sample::good();
    sample.extra_html = "<script>steal()</script><img src='https://evil.example/p.gif'><a href='https://evil.example/'>x</a><iframe src='//evil.example/f'></iframe>".into();
    assert_snapshot!(sample.told());
}

#[test]
fn hugo_that_fails_or_leaves_the_page_out_asks_for_a_revision_and_hugo_that_did_not_run_is_no_pass() {
    let mut sample = Sample::good();
    sample.hugo = Some(HugoOutcome::Failed { message: "ERROR content/posts/x.md:3:1: unknown shortcode".into() });
    assert_eq!(sample.report().layers[1].verdict, Verdict::Revise);
    sample.hugo = Some(HugoOutcome::Built { page: None, warnings: vec!["deprecated".into()], site_links: vec![] });
    assert_eq!(codes(&sample.report()), [("hugo/page-missing".to_owned(), 1), ("hugo/warning".to_owned(), 1)].into());
    let page = BuiltPage { url: "/posts/x/".into(), html: "<html><body>Nothing</body></html>".into() };
    sample.hugo = Some(HugoOutcome::Built { page: Some(page), warnings: vec![], site_links: vec![] });
    assert_eq!(codes(&sample.report()).get("hugo/text-missing"), Some(&4));
    let cause = "the site does not build without the page either";
    sample.hugo = Some(HugoOutcome::NotRun { cause: cause.into() });
    assert_eq!(sample.report().verdict(), Verdict::NotRun { cause: cause.into() });
    assert_snapshot!(sample.told());
}

#[test]
fn a_draft_that_misses_its_subject_is_sent_back() {
    let mut sample = Sample::good();
    sample.brief.keyword = "log shipping".into();
    sample.brief.secondary = vec!["kubernetes".into()];
    sample.draft.summary.clear();
    sample.draft.sections.truncate(1);
    sample.draft.sections[0].blocks = vec![Block::Paragraph(vec![
        Sentence::plain("This desk collects what is new about logs and tells it in short."),
        sample.s("Its rival Grist 3.1 is used as well.", &["closest rival"]),
    ])];
    sample.settings.words.release = 200;
    sample.settings.headings.release = 2;
    assert_snapshot!(sample.told());
}

#[test]
fn what_was_published_before_is_rejected() {
    let mut sample = Sample::good();
    let before = PublishedBefore {
        bytes: BytesHash::of([("other", b"x".as_slice())]),
        story: StoryId::of(&article("ferrite")),
        title: "Ferrite 2.4 parses log files faster".into(),
        url: "/posts/ferrite-news/".into(),
    };
    sample.published.push(before);
    assert_eq!(sample.report().verdict(), Verdict::Reject);
    assert_snapshot!(sample.told());
}

#[test]
fn a_stand_in_judge_sends_a_good_draft_to_a_person() {
    let mut sample = Sample::good();
    sample.stand_in = true;
    assert_eq!(sample.report().verdict(), Verdict::Review);
    assert_snapshot!(sample.told());
}

#[test]
fn a_digest_has_a_section_for_each_member() {
    let mut sample = Sample::good();
    sample.draft.template = Template::Digest;
    sample.brief.template = Template::Digest;
    sample.brief.members = ["a", "b", "c", "d"].map(article).to_vec();
    assert_eq!(codes(&sample.report()), [("form/few-headings".to_owned(), 1)].into());
    sample.brief.members.truncate(3);
    assert_eq!(sample.report().verdict(), Verdict::Pass);
}

#[test]
fn severities_can_be_changed_but_a_rule_that_is_off_says_nothing() {
    let mut sample = Sample::good();
    sample.replace("Grist 3.1", "Grist 3.2");
    assert_eq!(sample.report().verdict(), Verdict::Revise);
    sample.settings.severities.insert("evidence/version".into(), Level::Warning);
    assert_eq!(sample.report().layers[3].verdict, Verdict::Pass);
    sample.settings.severities.insert("evidence/version".into(), Level::Off);
    assert_eq!(codes(&sample.report()).get("evidence/version"), None);
}

#[test]
fn a_figure_that_follows_from_two_others_of_its_sentence_is_proven_by_them() {
    let mut sample = Sample::good();
    sample.replace("takes 12 ms, down from 40 ms,", "takes 12 ms, down from 40 ms, which is 70% less and 28 ms apart,");
    assert_eq!(codes(&sample.report()).get("evidence/percent"), None);
    sample.replace("70% less", "75% less");
    assert_eq!(codes(&sample.report()).get("evidence/percent"), Some(&1));
}

#[test]
fn the_same_input_gives_the_same_report() {
    let sample = Sample::good();
    assert_eq!(sample.report(), sample.report());
    assert_eq!(sample.report().id(), sample.clone().report().id());
}

#[test]
fn the_judge_is_asked_about_every_sentence_with_the_text_it_cites() {
    let sample = Sample::good();
    let snapshots = sample.snapshots();
    let subject = gates::Subject {
        draft: &sample.draft,
        brief: &sample.brief,
        snapshots: &snapshots,
        files: &[],
        inventory: &sample.inventory,
        settings: &sample.settings,
        keys: &sample.keys,
        now: sample.now,
    };
    let question = gates::judge::question(&subject);
    assert_eq!(question.sentences.len(), sample.draft.sentences().len());
    assert_eq!(question.sentences[0].cited[0], "Ferrite 2.4 released");
    let json = serde_json::to_value(&question).expect("JSON");
    assert_eq!(json["sentences"][2]["place"], "summary, sentence 1");
    assert_eq!(gates::form(&subject).findings[0].code, "form/no-page");
}

#[test]
fn a_sentence_too_long_to_prove_is_an_error_whatever_the_settings_say() {
    let mut sample = Sample::good();
    sample.replace("Plan the upgrade of the toolchain first.", &"Take 12 ms and 40 ms, ".repeat(5_000));
    sample.settings.severities.insert("evidence/sentence-long".into(), Level::Off);
    assert_eq!(codes(&sample.report()).get("evidence/sentence-long"), Some(&1));
    assert_eq!(sample.report().layers[3].verdict, Verdict::Revise);
}

#[test]
fn text_of_any_kind_is_judged_without_panic() {
    let pieces = [
        "“", "”", "\"", "'", "12", "ms", "%", "$", "€1.", "v2.", "2026-", "March ", "é", "日本", "\u{202e}", "\u{301}",
        "https://", "www.", "a@b.c", "::", "()", "--x", "/y", " ", "-", "٣", "½", "\n",
    ];
    let mut seed = 7u64;
    for _ in 0..150 {
        let mut sample = Sample::good();
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        let mut snapshot =
            crate::support::snapshot(&text, "https://odd.example/", &text, "x", "x", "2026-01-01T00:00:00Z");
        snapshot.published = None;
        sample.brief.sources.push(states::words::BriefSource::of(&snapshot, article("odd"), Default::default()));
        let cite = Cite { snapshot: snapshot.id.clone(), start: 0, end: snapshot.text.len() };
        sample.sources.push(snapshot);
        for sentence in sample.sentences_mut() {
            sentence.text.push_str(&text);
            sentence.cites.push(cite.clone());
        }
        assert_eq!(sample.report(), sample.report());
    }
}

#[test]
fn a_tag_that_the_site_allows_may_stand_in_no_post_yet() {
    let mut sample = Sample::good();
    sample.draft.tags = vec!["profiling".into()];
    assert_eq!(codes(&sample.report()).get("form/tag-unknown"), Some(&1));
    sample.brief.vocabulary.push("profiling".into());
    assert_eq!(codes(&sample.report()).get("form/tag-unknown"), None);
}
