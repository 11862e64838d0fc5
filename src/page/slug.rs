//! Slugs: the only part of a path that has its origin in a title.

use states::words::ArticleId;

/// The longest slug, in characters.
const LONGEST: usize = 60;

/// Names that mean something else to Hugo (`index`, `page`) or to a file system of a reader's checkout.
const RESERVED: [&str; 13] =
    ["index", "page", "con", "prn", "aux", "nul", "com1", "com2", "com3", "lpt1", "lpt2", "lpt3", "git"];

/// The slug of a title: lower-case ASCII words joined by `-`, at most 60 characters, cut between words. Where a title
/// leaves nothing it is `article-` with the article's short id, and a reserved word gets the short id behind it.
pub fn slug_for(title: &str, article: &ArticleId) -> String {
    // A title is a line. What is longer than any line would only cost time.
    let head: String = title.chars().take(400).collect();
    let full = slug::slugify(head);
    let mut slug = String::new();
    for word in full.split('-').filter(|w| !w.is_empty()) {
        let needed = slug.len() + usize::from(!slug.is_empty()) + word.len();
        if needed > LONGEST {
            if slug.is_empty() {
                slug = word.chars().take(LONGEST).collect();
            }
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if slug.is_empty() {
        format!("article-{}", article.short())
    } else if RESERVED.contains(&slug.as_str()) {
        format!("{slug}-{}", article.short())
    } else {
        slug
    }
}

/// True for a slug as [`slug_for`] makes them (and a little longer, for slugs made by people).
pub(super) fn is_slug(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !RESERVED.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ArticleId {
        "0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    #[test]
    fn a_slug_is_cut_between_words() {
        let slug = slug_for("Rust 1.95 brings faster builds, better errors and a new way to name lifetimes", &id());
        assert_eq!(slug, "rust-1-95-brings-faster-builds-better-errors-and-a-new-way");
        assert_eq!(slug_for(&"x".repeat(300), &id()), "x".repeat(60));
    }

    #[test]
    fn a_title_without_letters_falls_back_to_the_article() {
        for title in ["", "!!!", "   ", "..", "\u{202e}", "-"] {
            assert_eq!(slug_for(title, &id()), "article-01234567", "{title:?}");
        }
    }

    #[test]
    fn a_slug_never_means_something_else() {
        for title in ["index", "_index", "Page", "CON", ".git", "../.git/config", "日本語", "Ω≈ç", "-rf", "a\0b"]
        {
            let slug = slug_for(title, &id());
            assert!(is_slug(&slug), "{title:?} became {slug:?}");
        }
        assert_eq!(slug_for("_index", &id()), "index-01234567");
    }
}
