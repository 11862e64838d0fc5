//! Layer 4: the same article, story or bytes were not published before.

use serde::{Deserialize, Serialize};
use states::words::{BytesHash, Layer, LayerReport, Place, Severity, StoryId, Verdict, text};

use super::{Gathered, excerpt, family};
use crate::inventory::Inventory;
use crate::settings::Settings;

family! { Once:
    SAME_BYTES = "once/same-bytes", Error always, "The same bytes were not published before.", "";
    SAME_STORY = "once/same-story", Error always, "The same story was not published before.", "What is new in it belongs into an update of that page.";
    SLUG_TAKEN = "once/slug-taken", Error always, "No published page has the same slug.", "Choose a slug that says what is different here.";
    SAME_TITLE = "once/same-title", Warning always, "No published page has the same title.", "Say in the title what is different here.";
}

/// A page that this desk published, or has proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedBefore {
    /// Its bytes.
    pub bytes: BytesHash,
    /// Its story.
    pub story: StoryId,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub url: String,
}

/// Judges whether this page was published before. Same bytes and same story reject; a slug that is taken asks for a
/// revision. Leave the article itself out of `published` while its own proposal is open. Rules have their default severities
/// here: publishing twice is not a matter of taste.
pub fn once(
    bytes: &BytesHash,
    title: &str,
    slug: &str,
    inventory: &Inventory,
    published: &[PublishedBefore],
    story: &StoryId,
) -> LayerReport {
    let settings = Settings::default();
    let mut gathered = Gathered::new(Layer::Once, &settings);
    let mut reject = false;
    gathered.figure("published", published.len());
    for before in published {
        if before.bytes == *bytes {
            reject = true;
            gathered.find(&SAME_BYTES, Place::Page, format!("these bytes were published at {}", excerpt(&before.url)));
        } else if before.story == *story {
            reject = true;
            gathered.find(&SAME_STORY, Place::Page, format!("this story was published at {}", excerpt(&before.url)));
        }
    }
    if let Some(post) = inventory.posts.iter().find(|post| post.bytes_hash.as_ref() == Some(bytes)) {
        reject = true;
        gathered.find(&SAME_BYTES, Place::Page, format!("these bytes are on the site at {}", excerpt(&post.url)));
    }
    if let Some(post) = inventory.posts.iter().find(|post| post.slug == slug) {
        gathered.find(&SLUG_TAKEN, Place::Page, format!("`{}` is the slug of {}", excerpt(slug), excerpt(&post.url)));
    }
    let words = text::words(title);
    let titles = published.iter().map(|p| (&p.title, &p.url)).chain(inventory.posts.iter().map(|p| (&p.title, &p.url)));
    if let Some((_, url)) = titles.into_iter().find(|(other, _)| !words.is_empty() && text::words(other) == words) {
        gathered.find(&SAME_TITLE, Place::Title, format!("{} has the same title", excerpt(url))).of(title);
    }
    let report = gathered.report();
    let verdict = match (reject, &report.verdict) {
        (true, _) => Verdict::Reject,
        (false, _) if report.findings.iter().any(|f| f.severity == Severity::Error) => Verdict::Revise,
        (false, verdict) => verdict.clone(),
    };
    LayerReport { verdict, ..report }
}

#[cfg(test)]
mod tests {
    use states::words::{ArticleId, Origin};

    use super::*;
    use crate::inventory::Post;

    fn story(name: &str) -> StoryId {
        let origin = Origin::Url { canonical: name.into(), generation: 0 };
        StoryId::of(&ArticleId::of(&"site".parse().unwrap(), &origin))
    }

    fn bytes(of: &str) -> BytesHash {
        BytesHash::of([("a.md", of.as_bytes())])
    }

    #[test]
    fn the_same_bytes_and_the_same_story_are_rejected() {
        let before = PublishedBefore { bytes: bytes("x"), story: story("s"), title: "T".into(), url: "/t/".into() };
        let site = Inventory::default();
        let ask = |b: &str, s: &str| once(&bytes(b), "New", "new", &site, std::slice::from_ref(&before), &story(s));
        assert_eq!(ask("x", "other").verdict, Verdict::Reject);
        assert_eq!(ask("y", "s").verdict, Verdict::Reject);
        assert_eq!(ask("y", "other").verdict, Verdict::Pass);
    }

    #[test]
    fn a_slug_that_is_taken_asks_for_a_revision_and_a_repeated_title_is_only_shown() {
        let site = Inventory {
            posts: vec![Post { slug: "a".into(), title: "A Title".into(), url: "/a/".into(), ..Post::default() }],
            ..Inventory::default()
        };
        assert_eq!(once(&bytes("x"), "B", "a", &site, &[], &story("s")).verdict, Verdict::Revise);
        let titled = once(&bytes("x"), "a title", "b", &site, &[], &story("s"));
        assert_eq!((titled.verdict, titled.findings[0].code.as_str()), (Verdict::Pass, "once/same-title"));
    }
}
