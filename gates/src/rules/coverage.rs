//! Layer 2: the page says what the brief asks for, and says it itself.

use std::collections::{BTreeMap, BTreeSet};

use states::words::{Brief, Layer, LayerReport, Place, Snapshots, text};

use super::{Gathered, excerpt, family};
use crate::Subject;
use crate::evidence::stem;
use crate::inventory::{Inventory, sentence_print};
use crate::settings::Settings;

family! { Coverage:
    KEYWORD_TITLE = "coverage/keyword-title", Error, "The primary keyword stands in the title.", "Put the keyword into the title.";
    KEYWORD_OPENING = "coverage/keyword-opening", Error, "The primary keyword stands in the summary or the first paragraph.", "Name the subject at the beginning.";
    KEYWORD_DESCRIPTION = "coverage/keyword-description", Error, "The primary keyword stands in the description.", "Put the keyword into the description.";
    SECONDARY = "coverage/secondary", Warning, "The secondary keywords stand in the body.", "Use it where it fits.";
    BRIEF_THIN = "coverage/brief-thin", Error, "The page uses the words that the brief is about.", "Say more of what the sources say.";
    NO_SUMMARY = "coverage/no-summary", Error, "The page begins with its answer.", "Begin with a short summary that answers the reader's question.";
    SUMMARY_LONG = "coverage/summary-long", Error, "The answer-first summary is short.", "Shorten the summary.";
    REPEATED = "coverage/repeated", Warning, "No sentence stands in another post of the site, or twice on the page.", "Say it in other words, or link to that post.";
    BOILERPLATE = "coverage/boilerplate", Error, "Most of the page is not in other posts of the site.", "Write what is new; link to what is known.";
    DESCRIPTION_MISSING = "coverage/description-missing", Warning, "The page has a description for lists and search results.", "Add one or two sentences.";
}

/// How many of the brief's words are salient.
const SALIENT: usize = 24;

/// Judges the draft against its brief's words and the site's other posts.
pub fn coverage(subject: &Subject<'_>) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Coverage, subject.settings);
    keywords(&mut gathered, subject);
    summary(&mut gathered, subject);
    brief_words(&mut gathered, subject);
    let sentences = subject.draft.sentences();
    let texts = sentences.iter().map(|(place, s)| (place.clone(), s.text.as_str()));
    repeated(&mut gathered, subject.settings, subject.inventory, None, texts);
    gathered.report()
}

/// The words of a text in the form in which keywords are compared.
fn stems(text: &str) -> Vec<String> {
    text::words(text).iter().map(|word| stem(word)).collect()
}

/// True where all words of `keyword` stand together and in order, whatever their endings.
fn has_keyword(text: &str, keyword: &str) -> bool {
    let (have, want) = (stems(text), stems(keyword));
    want.is_empty() || have.windows(want.len()).any(|w| w == want)
}

fn keywords(gathered: &mut Gathered<'_>, subject: &Subject<'_>) {
    let (draft, brief) = (subject.draft, subject.brief);
    let keyword = brief.keyword.as_str();
    let missing = |where_: &str| format!("`{}` does not stand in the {where_}", excerpt(keyword));
    if !has_keyword(&draft.title.text, keyword) {
        gathered.find(&KEYWORD_TITLE, Place::Title, missing("title")).of(&draft.title.text);
    }
    if !has_keyword(&draft.description.text, keyword) {
        gathered.find(&KEYWORD_DESCRIPTION, Place::Description, missing("description")).of(&draft.description.text);
    }
    let all = draft.sentences();
    let opening = |place: &Place| matches!(place, Place::Summary { .. } | Place::Sentence { section: 0, block: 0, .. });
    if !all.iter().any(|(place, s)| opening(place) && has_keyword(&s.text, keyword)) {
        gathered.find(&KEYWORD_OPENING, Place::Summary { sentence: 0 }, missing("summary or the first paragraph"));
    }
    let in_body = |place: &Place| !matches!(place, Place::Title | Place::Description);
    let mut found = 0;
    for secondary in &brief.secondary {
        if all.iter().any(|(place, s)| in_body(place) && has_keyword(&s.text, secondary)) {
            found += 1;
        } else {
            gathered.find(&SECONDARY, Place::Page, format!("`{}` does not stand in the body", excerpt(secondary)));
        }
    }
    gathered.figure("secondary", brief.secondary.len());
    gathered.figure("secondary_found", found);
}

fn summary(gathered: &mut Gathered<'_>, subject: &Subject<'_>) {
    let words: usize = subject.draft.summary.iter().map(|s| text::count_words(&s.text)).sum();
    gathered.figure("summary_words", words);
    let most = subject.settings.summary_max_words;
    if words == 0 {
        gathered.find(&NO_SUMMARY, Place::Summary { sentence: 0 }, "there is no summary");
    } else if words > most {
        let message = format!("the summary has {words} words; at most {most} are read");
        gathered.find(&SUMMARY_LONG, Place::Summary { sentence: 0 }, message);
    }
}

/// The words a brief is about with their weights, heaviest first: term frequency over its sources times inverse sentence
/// frequency (Spärck Jones 1972), a sentence being the document.
pub(crate) fn salient(brief: &Brief, snapshots: &Snapshots) -> Vec<(String, f64)> {
    let mut frequency: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut sentences = 0u32;
    for source in &brief.sources {
        let Some(snapshot) = snapshots.get(&source.snapshot) else { continue };
        for span in source.body_sentences(snapshot) {
            sentences += 1;
            let mut here = BTreeSet::new();
            for word in text::content_words(span.of(&snapshot.text)) {
                if !word.chars().any(char::is_alphabetic) {
                    continue;
                }
                let word = stem(&word);
                let entry = frequency.entry(word.clone()).or_default();
                entry.0 += 1;
                entry.1 += u32::from(here.insert(word));
            }
        }
    }
    let weight = |(times, in_sentences): (u32, u32)| {
        f64::from(times) * (1.0 + f64::from(sentences) / f64::from(in_sentences.max(1))).ln()
    };
    let mut all: Vec<(String, f64)> = frequency.into_iter().map(|(word, counts)| (word, weight(counts))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(SALIENT);
    all
}

fn brief_words(gathered: &mut Gathered<'_>, subject: &Subject<'_>) {
    let salient = salient(subject.brief, subject.snapshots);
    let used: BTreeSet<String> = subject.draft.sentences().iter().flat_map(|(_, s)| stems(&s.text)).collect();
    let whole: f64 = salient.iter().map(|(_, weight)| weight).sum();
    if whole <= 0.0 {
        return;
    }
    let covered: f64 = salient.iter().filter(|(word, _)| used.contains(word)).map(|(_, weight)| weight).sum();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 100")]
    let percent = (covered / whole * 100.0).round() as usize;
    gathered.figure("brief_percent", percent);
    let least = usize::from(subject.settings.coverage_min_percent);
    if percent < least {
        let missing: Vec<&str> =
            salient.iter().filter(|(word, _)| !used.contains(word)).take(8).map(|(word, _)| word.as_str()).collect();
        let message = format!("{percent} % of what the brief is about is used; at least {least} % is asked for");
        gathered
            .find(&BRIEF_THIN, Place::Page, message)
            .mend(format!("Say more of what the sources say; not used (word stems): {}.", missing.join(", ")));
    }
}

/// Sentences that other posts of the site have too, or that stand twice.
pub(crate) fn repeated<'t>(
    gathered: &mut Gathered<'_>,
    settings: &Settings,
    inventory: &Inventory,
    own_path: Option<&str>,
    texts: impl Iterator<Item = (Place, &'t str)>,
) {
    let mut seen = BTreeSet::new();
    let (mut sentences, mut elsewhere) = (0usize, 0usize);
    for (place, text) in texts {
        let Some(print) = sentence_print(text) else { continue };
        sentences += 1;
        let mut posts = inventory.posts.iter().filter(|post| Some(post.path.as_str()) != own_path);
        if let Some(post) = posts.find(|post| post.sentences.contains(&print)) {
            elsewhere += 1;
            gathered.find(&REPEATED, place, format!("this sentence also stands in {}", excerpt(&post.url))).of(text);
        // The summary may say in front what the body says.
        } else if !seen.insert(print) && !matches!(place, Place::Summary { .. } | Place::Description) {
            gathered.find(&REPEATED, place, "this sentence stands twice on the page").of(text);
        }
    }
    gathered.figure("sentences_elsewhere", elsewhere);
    let most = usize::from(settings.boilerplate_max_percent);
    // One sentence of many is a repetition; what makes boilerplate is that they add up.
    let adds_up = elsewhere > 1 || elsewhere * 3 >= sentences;
    if adds_up && elsewhere * 100 > sentences * most {
        let message = format!("{elsewhere} of {sentences} sentences stand in other posts; at most {most} % may");
        gathered.find(&BOILERPLATE, Place::Page, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found_whatever_their_endings_but_only_together() {
        assert!(has_keyword("Faster Parsers for all", "parser"));
        assert!(has_keyword("the incremental parsers", "incremental parser"));
        assert!(!has_keyword("the parser is incremental", "incremental parser"));
        assert!(!has_keyword("sparsers", "parser"));
    }
}
