//! Layer 1: the page's form.

use std::collections::BTreeSet;

use states::words::{Layer, LayerReport, Place, Template};

use super::{Gathered, family, front, links, safety};
use crate::Subject;
use crate::page::Page;
use crate::settings::Settings;

family! { Form:
    NO_PAGE = "form/no-page", Error always, "There is a page to judge.", "Render the draft into a file that ends in `.md`.";
    UNREADABLE = "form/unreadable", Error always, "Front matter and Markdown can be read.", "";
    TOO_SHORT = "form/too-short", Error, "A page has the words its template asks for.", "Say more from the sources; do not repeat.";
    FEW_HEADINGS = "form/few-headings", Error, "A page has the sections its template asks for.", "Divide the text into more sections, each with its own heading.";
    SECOND_TITLE = "form/second-title", Error, "The title stands in the front matter only; the body has no H1.", "Begin the body's headings at `##`.";
    SKIPPED_LEVEL = "form/skipped-level", Warning, "Headings go down one level at a time.", "Use the next level.";
    EMPTY_HEADING = "form/empty-heading", Error, "Every heading has text.", "Give it text or take it out.";
    FORBIDDEN_PHRASE = "form/forbidden-phrase", Error, "No phrase of the site's forbidden list is used.", "Say it plainly, or leave it out.";
    KEY_MISSING = "form/key-missing", Error, "The front matter has every key that a page needs.", "Add it.";
    KEY_TYPE = "form/key-type", Error, "Every front matter key has a value of its type.", "Give it a value of that type.";
    KEY_NOT_ALLOWED = "form/key-not-allowed", Error, "The front matter has only the keys that the site uses.", "Take it out, or list it under the site's front matter keys.";
    KEY_CONSTANT = "form/key-constant", Error, "A key that is the same on every page has that value here.", "Set it to the site's value.";
    TITLE_LONG = "form/title-long", Warning, "The title is not longer than it can be shown.", "Shorten it.";
    DESCRIPTION_LONG = "form/description-long", Warning, "The description is not longer than it can be shown.", "Shorten it.";
    DATE_OFFSET = "form/date-offset", Error, "The date has a time and an offset.", "Write it as 2026-03-01T10:00:00+01:00.";
    DATE_FUTURE = "form/date-future", Error, "The date is not in the future: Hugo would leave the page out.", "Use the date at which the page is made.";
    DATE_ODD = "form/date-odd", Error, "The date is one at which the page can have been written.", "Use the date at which the page is made.";
    IS_DRAFT = "form/is-draft", Warning, "The page is not marked as a draft: Hugo would leave it out.", "Set `draft` to false.";
    TAG_UNKNOWN = "form/tag-unknown", Error, "Tags are from the site's vocabulary.", "Use a tag that the site has, or none.";
    TAG_TWICE = "form/tag-twice", Warning, "No tag stands twice.", "Keep one.";
    SLUG_TAKEN = "form/slug-taken", Error, "No other page of the site has the same slug.", "Choose a slug that says what is different here.";
    SLUG_FORM = "form/slug-form", Error, "A slug has lower-case letters, digits and `-` only.", "Write it with lower-case words joined by `-`.";
    LINK_MISSING = "form/link-missing", Error, "Links and images to the site's own pages lead somewhere.", "Link to a page that the site has, or take the link out.";
    LINK_UNSAFE = "form/link-unsafe", Error, "Links use http or https, without user names.", "Take the link out.";
    ANCHOR_MISSING = "form/anchor-missing", Warning, "A link within the page leads to one of its headings.", "Link to a heading that the page has.";
    IMAGE_ELSEWHERE = "form/image-elsewhere", Error, "Images are the site's own.", "Keep the image with the page, or take it out.";
    FENCE_OPEN = "form/fence-open", Error, "Every code fence is closed.", "Close it with a line of the same marks.";
    FENCE_LABEL = "form/fence-label", Warning, "Every code fence names its language.", "Write the language behind the opening marks; `text` where there is none.";
    RAW_HTML = "form/raw-html", Error, "The body has no raw HTML.", "Say it in Markdown.";
    ATTRIBUTES = "form/attributes", Error, "No heading carries attributes in braces.", "Take the braces out.";
    SHORTCODE = "form/shortcode", Error, "The page has no shortcode; Hugo runs them inside code, too.", "Take it out, or write it as `{{</* name */>}}`.";
    TEMPLATE_SYNTAX = "form/template-syntax", Error, "No template syntax stands in the text outside of code.", "Put it into a code span, or take it out.";
    HIDDEN_CHARACTER = "form/hidden-character", Error, "The page has no control, bidirectional or invisible characters.", "Take it out.";
}

/// Judges the form of the rendered page. The page itself, not the draft, is read: what counts is what will lie in the
/// repository.
pub fn form(subject: &Subject<'_>) -> LayerReport {
    let mut gathered = Gathered::new(Layer::Form, subject.settings);
    let Some(file) = subject.page_file() else {
        gathered.find(&NO_PAGE, Place::Page, "no file of the page ends in `.md`");
        return gathered.report();
    };
    for extra in subject.files {
        safety::hidden_in_file(&mut gathered, extra);
    }
    let page = match Page::parse(&file.path, &file.text) {
        Ok(page) => page,
        Err(error) => {
            gathered.find(&UNREADABLE, Place::Page, error.to_string());
            return gathered.report();
        }
    };
    length(&mut gathered, subject, &page);
    headings(&mut gathered, &page);
    let sentences = subject.draft.sentences();
    phrases(&mut gathered, subject.settings, sentences.iter().map(|(place, s)| (place.clone(), s.text.as_str())));
    front::of_draft(&mut gathered, subject, &page);
    let beside = beside(subject, &file.path);
    links::check(&mut gathered, &page, subject.inventory, &beside, links::Whose::Draft);
    safety::check(&mut gathered, &page);
    gathered.report()
}

/// The names of the files that lie beside the page in its bundle.
fn beside(subject: &Subject<'_>, page: &str) -> BTreeSet<String> {
    let Some(folder) = page.strip_suffix("index.md") else { return BTreeSet::new() };
    let files = subject.files.iter().filter_map(|f| f.path.strip_prefix(folder));
    files.filter(|name| *name != "index.md").map(str::to_owned).collect()
}

/// Words and second-level headings, per template.
fn length(gathered: &mut Gathered<'_>, subject: &Subject<'_>, page: &Page) {
    let template = subject.draft.template;
    let words = page.count_words();
    gathered.figure("words", words);
    let least = subject.settings.words.of(template);
    if words < least {
        gathered.find(&TOO_SHORT, Place::Page, format!("{words} words; a {template} has at least {least}"));
    }
    let have = page.headings.iter().filter(|h| h.level == 2).count();
    gathered.figure("headings", have);
    let mut least = subject.settings.headings.of(template);
    if template == Template::Digest {
        least = least.max(subject.brief.members.len());
    }
    if have < least {
        let why = if template == Template::Digest { " (one per member)" } else { "" };
        let message = format!("{have} second-level headings; this {template} has at least {least}{why}");
        gathered.find(&FEW_HEADINGS, Place::Page, message);
    }
}

/// One title, and levels in order.
pub(crate) fn headings(gathered: &mut Gathered<'_>, page: &Page) {
    let mut before = 1;
    for heading in &page.headings {
        let place = page.place(heading.range.start);
        if heading.text.is_empty() {
            gathered.find(&EMPTY_HEADING, place.clone(), format!("a heading of level {} has no text", heading.level));
        }
        if heading.level == 1 {
            gathered.find(&SECOND_TITLE, place, "the body has a heading of level 1 beside the title").of(&heading.text);
        } else if heading.level > before + 1 {
            let message = format!("a heading of level {} follows one of level {before}", heading.level);
            gathered.find(&SKIPPED_LEVEL, place, message).of(&heading.text);
        }
        before = heading.level;
    }
}

/// Forbidden phrases, whatever the case, the spaces and the form of quotation marks.
pub(crate) fn phrases<'t>(
    gathered: &mut Gathered<'_>,
    settings: &Settings,
    texts: impl Iterator<Item = (Place, &'t str)>,
) {
    let phrases: Vec<String> = settings.forbidden_phrases.iter().map(|p| plain(p)).filter(|p| !p.is_empty()).collect();
    for (place, text) in texts {
        let folded = plain(text);
        for phrase in phrases.iter().filter(|p| stands_in(p, &folded)) {
            gathered
                .find(&FORBIDDEN_PHRASE, place.clone(), format!("`{phrase}` is on the list of phrases not to use"))
                .of(text);
        }
    }
}

fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace(['’', '‘', 'ʼ'], "'").replace(['‐', '‑'], "-");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True where the phrase stands in the text and neither end cuts a word.
fn stands_in(phrase: &str, text: &str) -> bool {
    text.match_indices(phrase).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let cuts = |inside: Option<char>, outside: Option<char>| {
            inside.is_some_and(char::is_alphanumeric) && outside.is_some_and(char::is_alphanumeric)
        };
        !cuts(phrase.chars().next(), before) && !cuts(phrase.chars().next_back(), after)
    })
}

/// The address that Hugo makes of a heading, close enough to find a link that leads nowhere.
pub(crate) fn anchor_of(heading: &str) -> String {
    let kept: String =
        heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
    kept.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_in_any_case_and_with_any_apostrophe_but_not_inside_words() {
        assert!(stands_in(
            &plain("in today's fast-paced world"),
            &plain("In  today’s fast‑paced\nworld, all is well.")
        ));
        assert!(!stands_in("todo:", &plain("mastodo: x")));
        assert!(stands_in("todo:", &plain("todo:fix")));
    }
}
