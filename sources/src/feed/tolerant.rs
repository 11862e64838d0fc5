//! A reader of feeds that expects nothing of its input: what is not closed, not declared, cut off or misplaced costs what it
//! touches, and nothing more.

use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesRef, BytesStart, Event};
use url::Url;

use super::Found;
use super::names::{Part, Space, is_entry, is_feed, part};
use super::raw::{Link, Raw, Text};
use crate::dates;

/// Deepest nesting that is read.
const DEEPEST: usize = 256;

/// Errors after which a document is given up.
const MOST_ERRORS: usize = 1_000;

/// How many elements of a document look like entries, outside of comments and character data.
pub(super) fn marks(text: &str) -> usize {
    let (mut rest, mut count) = (text, 0);
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let skipped = [("![CDATA[", "]]>"), ("!--", "-->")].into_iter().find_map(|(open, close)| {
            let inner = rest.strip_prefix(open)?;
            Some(inner.find(close).map_or("", |end| &inner[end + close.len()..]))
        });
        if let Some(after) = skipped {
            rest = after;
            continue;
        }
        let end = rest.bytes().take(64).position(|b| b.is_ascii_whitespace() || b == b'>' || b == b'/');
        let name = end.and_then(|end| rest.get(..end)).unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        count += usize::from(local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry"));
    }
    count
}

/// Reads a document. `None` where it is no feed.
pub(super) fn read(text: &str, own: Option<&Url>) -> Option<Found> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut state = State { base: own.cloned().map(Rc::new), ..State::default() };
    let mut errors = 0;
    loop {
        let before = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => state.take(event),
            Err(error) => {
                errors += 1;
                state.broken.get_or_insert_with(|| error.to_string());
                if errors > MOST_ERRORS || reader.buffer_position() == before {
                    break;
                }
            }
        }
        if state.open.len() > DEEPEST {
            state.broken.get_or_insert_with(|| format!("it is nested more than {DEEPEST} deep"));
            break;
        }
    }
    state.end()
}

/// An element that is open.
struct Open {
    name: String,
    local: String,
    base: Option<Rc<Url>>,
    /// How many declarations of name spaces held before it.
    spaces: usize,
}

/// A part of an entry that is being read. `at` is the place of its element among the open ones.
struct Field {
    at: usize,
    part: Part,
    text: String,
    /// Its markup is its own, rather than escaped: it stays escaped as it is.
    inline: bool,
    base: Option<Rc<Url>>,
}

#[derive(Default)]
struct State {
    base: Option<Rc<Url>>,
    open: Vec<Open>,
    spaces: Vec<(String, Space)>,
    entry: Option<(usize, Raw)>,
    field: Option<Field>,
    raws: Vec<Raw>,
    home: Option<String>,
    feed: bool,
    broken: Option<String>,
}

/// The attributes of an element that matter.
#[derive(Default)]
struct Attributes {
    href: Option<String>,
    rel: Option<String>,
    kind: Option<String>,
    mode: Option<String>,
    about: Option<String>,
    base: Option<String>,
}

impl State {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(element) => self.start(&element, false),
            Event::Empty(element) => self.start(&element, true),
            Event::End(element) => self.close(&element.name().as_ref().to_lowercase()),
            Event::Text(text) => self.text(&text, false),
            Event::CData(text) => self.text(&text, true),
            Event::GeneralRef(reference) => self.reference(&reference),
            _ => {}
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, empty: bool) {
        let name = element.name().as_ref().to_lowercase();
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            // `a < b` in a text.
            self.text(&format!("<{}>", &**element), false);
            return;
        }
        let spaces = self.spaces.len();
        let attributes = self.attributes(element);
        let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
        let space = self.spaces.iter().rev().find(|(known, _)| known == prefix).map(|(_, space)| *space);
        let space = space.unwrap_or_else(|| Space::usual(prefix));
        let (part, local) = (part(space, local), local.to_owned());
        let entry = is_entry(space, &local) && self.field.as_ref().is_none_or(|field| !field.inline);
        self.feed |= self.open.is_empty() && is_feed(&local);
        if entry {
            // One that starts inside another, or inside a part of it, means that that was not closed.
            self.cut(self.entry.as_ref().map_or(self.open.len(), |(at, _)| *at));
        } else if part.is_some_and(|part| self.ends_line(part, space)) {
            let at = self.field.as_ref().map_or(self.open.len(), |field| field.at);
            self.cut(at);
        }
        let base = self.open.last().map_or_else(|| self.base.clone(), |open| open.base.clone());
        let base = match (&attributes.base, &base) {
            (Some(own), Some(base)) => base.join(own).ok().map(Rc::new).or(Some(Rc::clone(base))),
            (Some(own), None) => Url::parse(own).ok().map(Rc::new),
            (None, _) => base,
        };
        let at = self.open.len();
        if entry {
            self.entry = Some((at, Raw { id: attributes.about.unwrap_or_default(), ..Raw::default() }));
        } else if let Some(field) = &mut self.field {
            let tag = if field.part == Part::Author { local.as_str() } else { &**element };
            let slash = if empty { "/" } else { "" };
            field.text.push_str(&format!("<{tag}{slash}>"));
        } else if let Some(part) = part {
            self.begin(at, part, attributes, space, base.clone());
        }
        self.open.push(Open { name, local, base, spaces });
        if empty {
            // Inside a part it was written as one tag above.
            match self.field.as_ref().is_some_and(|field| field.at < at) {
                true => self.pop(at),
                false => self.cut(at),
            }
        }
    }

    /// Begins a part of the entry that is open, or takes the link of the feed.
    fn begin(&mut self, at: usize, part: Part, attributes: Attributes, space: Space, base: Option<Rc<Url>>) {
        let parent = self.open.last().map(|open| open.local.as_str()).unwrap_or_default();
        let of_feed = self.entry.is_none() && part == Part::Link && matches!(parent, "channel" | "feed");
        let of_entry = self.entry.as_ref().is_some_and(|(entry, _)| entry + 1 == at);
        if !of_feed && !of_entry {
            return;
        }
        let kind = attributes.kind.unwrap_or_default().to_lowercase();
        if let (Part::Link, Some(href)) = (part, attributes.href) {
            if matches!(attributes.rel.as_deref(), None | Some("alternate" | "")) {
                let link = Link { href, base: base.as_deref().cloned() };
                match &mut self.entry {
                    Some((_, raw)) if kind == "text/html" => raw.links.insert(0, link),
                    Some((_, raw)) => raw.links.push(link),
                    None => self.home = self.home.take().or(Some(link.href)),
                }
            }
            return;
        }
        let other = kind.contains('/') && !["text/", "xml", "html"].iter().any(|text| kind.contains(text));
        let encoded = attributes.mode.as_deref() == Some("base64");
        if matches!(part, Part::Content | Part::Summary) && (other || encoded) {
            return;
        }
        let inline = space == Space::Xhtml
            || kind == "xhtml"
            || attributes.mode.as_deref() == Some("xml")
            || (kind.contains("xml") && attributes.mode.is_none());
        self.field = Some(Field { at, part, text: String::new(), inline, base });
    }

    /// True where a part begins although one that is a single line is still open.
    fn ends_line(&self, part: Part, space: Space) -> bool {
        let line = |part| matches!(part, Part::Title | Part::Link | Part::Id | Part::Published | Part::Updated);
        self.field.as_ref().is_some_and(|field| line(field.part) && !field.inline && part != field.part)
            && space != Space::Xhtml
    }

    fn attributes(&mut self, element: &BytesStart<'_>) -> Attributes {
        let mut found = Attributes::default();
        let mut all = element.html_attributes();
        for attribute in all.with_checks(false).flatten() {
            let value = unescape_with(&attribute.value, resolve_html5_entity)
                .map_or_else(|_| attribute.value.clone().into_owned(), |value| value.into_owned());
            match attribute.key.as_ref().to_lowercase().as_str() {
                "xmlns" => self.spaces.push((String::new(), Space::of(&value, true))),
                "href" => found.href = Some(value),
                "rel" => found.rel = Some(value.to_lowercase()),
                "type" => found.kind = Some(value),
                "mode" => found.mode = Some(value.to_lowercase()),
                "rdf:about" => found.about = Some(value),
                "xml:base" => found.base = Some(value.trim().to_owned()),
                other => {
                    if let Some(prefix) = other.strip_prefix("xmlns:") {
                        self.spaces.push((prefix.to_owned(), Space::of(&value, false)));
                    }
                }
            }
        }
        found
    }

    fn text(&mut self, text: &str, verbatim: bool) {
        let Some(field) = &mut self.field else { return };
        let clean = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        if verbatim && field.inline {
            let clean: String = clean.collect();
            field.text.push_str(&clean.replace('&', "&amp;").replace('<', "&lt;"));
        } else {
            field.text.extend(clean);
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let name: &str = reference;
        let number = reference.resolve_char_ref().ok().flatten().filter(|c| !c.is_control() || c.is_whitespace());
        let inline = self.field.as_ref().is_some_and(|field| field.inline);
        match (inline, number, resolve_html5_entity(name)) {
            (false, Some(c), _) => self.text(c.encode_utf8(&mut [0; 4]), false),
            (false, None, Some(known)) => self.text(known, false),
            _ => self.text(&format!("&{name};"), false),
        }
    }

    fn close(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else {
            self.broken.get_or_insert_with(|| format!("</{name}> closes nothing"));
            return;
        };
        if at + 1 < self.open.len() {
            self.broken.get_or_insert_with(|| format!("</{name}> comes before what it holds is closed"));
        }
        if let Some(field) = &mut self.field
            && field.at < at
        {
            let local = name.rsplit(':').next().unwrap_or(name);
            let tag = if field.part == Part::Author { local } else { name };
            field.text.push_str(&format!("</{tag}>"));
            self.pop(at);
            return;
        }
        self.cut(at);
    }

    /// Closes everything from `at` on: the part that is read, and the entry.
    fn cut(&mut self, at: usize) {
        if let Some(field) = self.field.take_if(|field| field.at >= at) {
            self.finish(field);
        }
        if let Some((_, raw)) = self.entry.take_if(|(entry, _)| *entry >= at) {
            self.raws.push(raw);
        }
        self.pop(at);
    }

    fn pop(&mut self, at: usize) {
        if let Some(open) = self.open.get(at) {
            self.spaces.truncate(open.spaces);
        }
        self.open.truncate(at);
    }

    /// Puts a part where it belongs. Where one comes twice, the first that says something counts, and the longest content.
    fn finish(&mut self, field: Field) {
        let text = field.text.trim();
        if text.is_empty() {
            return;
        }
        let Some((_, raw)) = &mut self.entry else {
            self.home.get_or_insert_with(|| text.to_owned());
            return;
        };
        let link = || Link { href: text.to_owned(), base: field.base.as_deref().cloned() };
        match field.part {
            Part::Title => raw.title = raw.title.take().or_else(|| Some(text.to_owned())),
            Part::Link => raw.links.push(link()),
            Part::Id => raw.id = text.to_owned(),
            Part::Published => raw.published = raw.published.or_else(|| dates::parse(text)),
            Part::Updated => raw.updated = raw.updated.or_else(|| dates::parse(text)),
            Part::Summary => raw.summary = longer(raw.summary.take(), text),
            Part::Content => raw.content = longer(raw.content.take(), text),
            Part::Author => raw.author = raw.author.take().or_else(|| person(text)),
        }
    }

    fn end(mut self) -> Option<Found> {
        if !self.open.is_empty() {
            self.broken.get_or_insert_with(|| "it ends in the middle".to_owned());
            // Half a title or address is worse than none.
            self.field = None;
            self.cut(0);
        }
        let Self { raws, home, broken, feed, .. } = self;
        (feed || !raws.is_empty()).then_some(Found { raws, home, broken })
    }
}

fn longer(known: Option<Text>, text: &str) -> Option<Text> {
    known.filter(|known| known.text.len() >= text.len()).or_else(|| Some(Text { text: text.to_owned(), html: true }))
}

/// The name in an author: that of Atom's element, or what RSS has beside an e-mail address.
fn person(text: &str) -> Option<String> {
    let name = match text.split_once("<name>") {
        Some((_, rest)) => rest.split("</name>").next().unwrap_or_default(),
        None if text.starts_with('<') => "",
        None => match text.split_once('(') {
            Some((address, rest)) if address.contains('@') => rest.trim_end().trim_end_matches(')'),
            _ => text,
        },
    };
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
