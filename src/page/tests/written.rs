//! Pages as they are written, as snapshots.

use states::words::Template;

use super::super::{DateForm, FrontFormat, PageError, SitePage};
use super::support::case;

#[test]
fn a_page_reads_like_one_that_a_person_wrote() {
    let page = SitePage {
        evidence: "content/{section}/{slug}/evidence.json".into(),
        author: "The Desk".into(),
        tags: vec!["databases".into()],
        constants: toml::from_str("draft = false\nlayout = 'single'").unwrap(),
        time_zone: "Europe/Berlin".into(),
        ..SitePage::default()
    };
    let files = case().render(&page).unwrap();
    let shown: Vec<String> = files.iter().map(|f| format!("=== {}\n{}", f.path, f.text)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn toml_and_json_sites_get_their_own_front_matter() {
    let mut shown = String::new();
    for format in [FrontFormat::Toml, FrontFormat::Json] {
        let mut page = SitePage { format, date_form: DateForm::Date, ..SitePage::default() };
        page.path = "content/{section}/{date}-{slug}.md".into();
        page.keys.keyword = "params.keyword".into();
        page.keys.author = "authors".into();
        page.author = "Ada".into();
        page.keys.summary = String::new();
        page.constants = toml::from_str("params = { desk = true }").unwrap();
        let files = case().render(&page).unwrap();
        let head: Vec<&str> = files[0].text.split("\n\n## ").take(1).collect();
        shown.push_str(&format!("=== {}\n{}\n", files[0].path, head.concat()));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let page = SitePage { evidence: "content/{section}/{slug}/evidence.json".into(), ..SitePage::default() };
    assert_eq!(case().render(&page).unwrap(), case().render(&page).unwrap());
}

#[test]
fn a_template_goes_to_its_own_section_with_its_own_constants() {
    let mut case = case();
    case.draft.template = Template::Radar;
    let mut page = SitePage { constants: toml::from_str("ring = 'hold'\nkind = 'x'").unwrap(), ..SitePage::default() };
    page.template_constants.insert(Template::Radar, toml::from_str("ring = 'assess'").unwrap());
    let file = case.render(&page).unwrap().remove(0);
    assert_eq!(file.path, "content/radar/quarry-2-4-1-is-out/index.md");
    assert!(file.text.contains("ring: 'assess'") && file.text.contains("kind: 'x'"), "{}", file.text);
}

#[test]
fn a_source_that_only_a_title_cites_is_listed_all_the_same() {
    let mut case = case();
    case.draft.summary.iter_mut().for_each(|s| s.cites.clear());
    case.draft.sections.clear();
    let text = case.render(&SitePage { body_summary: false, ..SitePage::default() }).unwrap().remove(0).text;
    assert!(text.contains("\n[^1]\n") && text.contains("[^1]: [Quarry 2.4.1 released]"), "{text}");
}

#[test]
fn a_citation_of_something_unknown_is_an_error() {
    let mut case = case();
    case.brief.sources.clear();
    case.snapshots = states::words::Snapshots::default();
    assert!(matches!(case.render(&SitePage::default()), Err(PageError::UnknownSource(_))));
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let mut twice = SitePage::default();
    twice.keys.keyword = "Title".into();
    let constant = SitePage { constants: toml::from_str("title = 'x'").unwrap(), ..SitePage::default() };
    let zone = SitePage { time_zone: "Mars/Olympus".into(), ..SitePage::default() };
    for page in [twice, constant, zone] {
        assert!(matches!(case().render(&page), Err(PageError::Setting { .. })));
    }
    assert!(toml::from_str::<SitePage>("pth = 'x'").is_err());
}
