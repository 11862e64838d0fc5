//! What Hugo made of a page, as the gate tells it.

use gates::HugoOutcome;
use gates::inventory::OtherHugo;
use gates::settings::Level;
use states::words::{Layer, Verdict};

use crate::support::{Sample, codes};

#[test]
fn no_setting_lets_a_page_through_that_is_not_in_the_output_or_does_not_build() {
    for outcome in [
        HugoOutcome::Built { page: None, warnings: vec![], site_links: vec![] },
        HugoOutcome::Failed { message: "ERROR no".into() },
    ] {
        let mut sample = Sample::good();
        sample.hugo = Some(outcome.clone());
        for code in ["hugo/page-missing", "hugo/build-failed"] {
            sample.settings.severities.insert(code.into(), Level::Off);
        }
        let report = sample.report();
        let hugo = report.layers.iter().find(|layer| layer.layer == Layer::Hugo).expect("it ran");
        assert_eq!(hugo.verdict, Verdict::Revise, "{outcome:?}");
    }
}

#[test]
fn another_version_of_hugo_is_a_warning_that_names_both() {
    let mut sample = Sample::good();
    sample.inventory.other_hugo = Some(OtherHugo { here: "0.168.0".into(), there: "0.147.2".into() });
    let report = sample.report();
    assert_eq!(report.verdict(), Verdict::Pass);
    let finding = report.findings().find(|f| f.code == "hugo/other-version").expect("it is said");
    assert!(finding.message.contains("0.168.0") && finding.message.contains("0.147.2"), "{}", finding.message);
}

#[test]
fn a_page_that_hugo_puts_where_something_was_before_is_sent_back() {
    let mut sample = Sample::good();
    assert_eq!(codes(&sample.report()), [].into());
    sample.inventory.permalinks.insert(format!("/posts/{}/", sample.slug));
    let expected = ["form/slug-taken", "hugo/address-taken"].map(|code| (code.to_owned(), 1));
    assert_eq!(codes(&sample.report()), expected.into());
}
