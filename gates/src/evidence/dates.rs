//! Nothing is told as past that lies after its source's own date.

use jiff::civil::Date;
use states::words::{Place, Sentence, Snapshot, text};

use super::Desk;
use super::claims::{Reading, Value};
use super::lookup::Window;
use crate::rules::evidence as rules;

/// Words of plans and of things that last.
const PLANS: [&str; 20] = [
    "will",
    "would",
    "shall",
    "plan",
    "plans",
    "planned",
    "expect",
    "expected",
    "expects",
    "until",
    "till",
    "through",
    "upcoming",
    "scheduled",
    "schedule",
    "future",
    "ends",
    "end",
    "deadline",
    "wird",
];

impl Desk<'_> {
    /// A date after the source's own is a plan, and must be told as one.
    pub(super) fn dated(&mut self, place: &Place, sentence: &Sentence, reading: &Reading, windows: &[Window<'_>]) {
        let planned = |text: &str| {
            let words = text::words(text);
            words.iter().any(|w| PLANS.contains(&w.as_str()))
        };
        if planned(&sentence.text) || windows.iter().any(|w| planned(w.text())) {
            return;
        }
        let Some(newest) = windows.iter().filter_map(|w| told_at(w.snapshot)).max() else { return };
        for claim in &reading.claims {
            let Value::Date { year: Some(year), month, day } = claim.value else { continue };
            if first_day(year, month, day).is_some_and(|date| date > newest) {
                let written = &sentence.text[claim.span.clone()];
                let message = format!("`{written}` lies after its source, which is of {newest}");
                let cite = windows.first().map(Window::cite);
                self.gathered.find(&rules::DATED_AFTER, place.clone(), message).of(&sentence.text).against(cite);
            }
        }
    }
}

/// The day on which a source was told: what its publisher says, else when it was fetched.
fn told_at(snapshot: &Snapshot) -> Option<Date> {
    let at = snapshot.published.unwrap_or(snapshot.fetched_at);
    // A day's grace for the time zones between publisher and reader.
    at.to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().ok()
}

fn first_day(year: i32, month: Option<u8>, day: Option<u8>) -> Option<Date> {
    let small = |n: Option<u8>| i8::try_from(n.unwrap_or(1)).ok();
    Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}
