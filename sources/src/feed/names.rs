//! What elements of feeds are called, and what they mean to an entry.

/// A name space, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of all versions, Atom of all versions, and elements that are in no name space.
    Core,
    /// Dublin Core elements and terms.
    Dublin,
    /// RSS 1.0's module for full content.
    Content,
    /// XHTML.
    Xhtml,
    /// Anything else.
    Other,
}

/// What an element says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Title,
    Link,
    Id,
    Published,
    Updated,
    Summary,
    Content,
    Author,
}

/// The name spaces that feeds have used for RSS and Atom, without their last slash or hash.
const CORE: [&str; 15] = [
    "",
    "http://backend.userland.com/rss",
    "http://backend.userland.com/rss2",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://purl.org/rss/1.0",
    "http://purl.org/rss/1.0/modules/rss091",
    "http://my.netscape.com/rdf/simple/0.9",
    "http://channel.netscape.com/rdf/simple/0.9",
    "http://example.com/newformat",
    "http://example.com/necho",
    "http://purl.org/echo",
    "uri/of/echo/namespace",
    "http://purl.org/pie",
    "http://purl.org/atom/ns",
    "http://www.w3.org/2005/atom",
];

impl Space {
    /// The name space behind an address. `default` says that it was declared for names without a prefix: whatever it is, the
    /// elements of a feed are then meant.
    pub(super) fn of(address: &str, default: bool) -> Self {
        let lower = address.trim().to_ascii_lowercase();
        match lower.trim_end_matches(['/', '#']) {
            "http://purl.org/dc/elements/1.1" | "http://purl.org/dc/elements/1.0" | "http://purl.org/dc/terms" => {
                Self::Dublin
            }
            "http://purl.org/rss/1.0/modules/content" => Self::Content,
            "http://www.w3.org/1999/xhtml" => Self::Xhtml,
            known if default || CORE.contains(&known) => Self::Core,
            _ => Self::Other,
        }
    }

    /// The name space that a prefix usually stands for, where a document forgets to declare it.
    pub(super) fn usual(prefix: &str) -> Self {
        match prefix {
            "" | "atom" | "atom10" | "atom03" | "rss" => Self::Core,
            "dc" | "dcterms" => Self::Dublin,
            "content" => Self::Content,
            "xhtml" => Self::Xhtml,
            _ => Self::Other,
        }
    }
}

/// Whether an element is an entry. `local` is in lower case.
pub(super) fn is_entry(space: Space, local: &str) -> bool {
    space == Space::Core && matches!(local, "item" | "entry")
}

/// Whether a document with such a root is a feed, even where it has no entries.
pub(super) fn is_feed(local: &str) -> bool {
    matches!(local, "rss" | "rdf" | "feed" | "channel")
}

/// What an element says. `local` is in lower case.
pub(super) fn part(space: Space, local: &str) -> Option<Part> {
    Some(match (space, local) {
        (Space::Core | Space::Dublin, "title") => Part::Title,
        (Space::Core, "link") => Part::Link,
        (Space::Core, "guid" | "id") => Part::Id,
        (Space::Core, "pubdate" | "published") | (Space::Core | Space::Dublin, "issued" | "created" | "date") => {
            Part::Published
        }
        (Space::Core | Space::Dublin, "updated" | "modified") => Part::Updated,
        (Space::Core, "description" | "summary" | "abstract") | (Space::Dublin, "description") => Part::Summary,
        (Space::Core, "content" | "fullitem" | "encoded") | (Space::Content, "encoded") | (Space::Xhtml, "body") => {
            Part::Content
        }
        (Space::Core, "author") | (Space::Dublin, "creator") => Part::Author,
        _ => return None,
    })
}
