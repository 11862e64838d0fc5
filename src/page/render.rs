//! A draft as the files of a page. Same input, same bytes.

use std::collections::BTreeMap;

use states::words::{
    ArticleId, Block, Brief, Cite, Draft, EvidenceRow, PageFile, PageIdentity, RelatedPost, Sentence, SnapshotId,
    Snapshots, Timestamp,
};

use super::text::{code_block, destination, inline, plain, site_destination};
use super::{DateForm, FrontFormat, PageError, SitePage, evidence, front, path};

/// Renders a page: its Markdown file first, then the evidence where the site keeps it.
///
/// # Errors
/// See [`PageError`]; each names the setting or the part of the draft.
pub fn render(
    page: &SitePage,
    article: &ArticleId,
    draft: &Draft,
    brief: &Brief,
    snapshots: &Snapshots,
    identity: &PageIdentity,
    rows: &[EvidenceRow],
) -> Result<Vec<PageFile>, PageError> {
    page.check()?;
    let path_of = |key: &str, pattern: &str| path::page_path(page, key, pattern, draft.template, article, identity);
    let mut text = front_matter(page, article, draft, identity)?;
    text.push('\n');
    text.push_str(&Body::write(page, draft, brief, snapshots)?);
    let mut files = vec![PageFile { path: path_of("path", &page.path)?, text }];
    if !page.evidence.is_empty() {
        let path = path_of("evidence", &page.evidence)?;
        files.push(PageFile { path, text: evidence::file(article, rows, snapshots) });
    }
    Ok(files)
}

fn front_matter(
    page: &SitePage,
    article: &ArticleId,
    draft: &Draft,
    identity: &PageIdentity,
) -> Result<String, PageError> {
    let text = |value: &str| toml::Value::String(plain(value));
    let joined = draft.summary.iter().map(|s| plain(&s.text)).filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ");
    let joined = without_fences(joined);
    let tags = tags(page, draft);
    let mut keys: Vec<(String, toml::Value)> = Vec::new();
    for (setting, name) in page.keys.named() {
        let value = match setting {
            "title" => text(&draft.title.text),
            "description" => text(&draft.description.text),
            "summary" => text(&joined),
            "date" => date(page, identity.dated)?,
            "author" => text(&page.author),
            "tags" => toml::Value::Array(tags.iter().map(|t| text(t)).collect()),
            "keyword" => text(&draft.keyword),
            "slug" => text(&identity.slug),
            _ => text(article.as_str()),
        };
        let empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if name.is_empty() || empty {
            continue;
        }
        let list = matches!(name, "tags" | "categories" | "authors" | "keywords") && !value.is_array();
        put(&mut keys, name, if list { toml::Value::Array(vec![value]) } else { value })?;
    }
    // A template's own constant replaces the one of all pages.
    let mut constants = page.constants.clone();
    constants.extend(page.template_constants.get(&draft.template).cloned().unwrap_or_default());
    for (key, value) in constants {
        put(&mut keys, &key, value)?;
    }
    front::write(page.format, &keys)
}

/// Hugo reads a summary as Markdown, even where a layout shows it as text, and does not build a page with a code fence in it
/// that has braces behind its marks.
fn without_fences(mut text: String) -> String {
    for (fence, two) in [("```", "``"), ("~~~", "~~")] {
        while text.contains(fence) {
            text = text.replace(fence, two);
        }
    }
    text
}

/// Puts a value under a name, inside a table where the name is dotted.
fn put(keys: &mut Vec<(String, toml::Value)>, name: &str, value: toml::Value) -> Result<(), PageError> {
    let clash = || PageError::setting("keys", format!("`{name}` is written twice in the front matter"));
    let (outer, value) = match name.split_once('.') {
        Some((outer, inner)) => (outer, toml::Value::Table(toml::Table::from_iter([(inner.to_owned(), value)]))),
        None => (name, value),
    };
    match keys.iter_mut().find(|(k, _)| k == outer) {
        None => keys.push((outer.to_owned(), value)),
        Some((_, toml::Value::Table(there))) => {
            let toml::Value::Table(more) = value else { return Err(clash()) };
            for (key, value) in more {
                if there.insert(key, value).is_some() {
                    return Err(clash());
                }
            }
        }
        Some(_) => return Err(clash()),
    }
    Ok(())
}

/// The draft's tags in the site's own spelling; a tag that the site does not know is left out, and so is one that would lead
/// out of the folder that Hugo makes for tags.
fn tags(page: &SitePage, draft: &Draft) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in draft.tags.iter().map(|t| plain(t)).filter(|t| !t.is_empty() && !gates::leads_up(t)) {
        let known = page.tags.iter().find(|k| k.to_lowercase() == tag.to_lowercase()).cloned();
        let chosen = if page.tags.is_empty() { Some(tag) } else { known };
        if let Some(chosen) = chosen.filter(|c| !tags.contains(c)) {
            tags.push(chosen);
        }
    }
    tags
}

fn date(page: &SitePage, at: Timestamp) -> Result<toml::Value, PageError> {
    let zoned = page.day(at)?;
    let text = match page.date_form {
        DateForm::Rfc3339 => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        DateForm::Date => zoned.strftime("%Y-%m-%d").to_string(),
    };
    if page.format != FrontFormat::Toml {
        return Ok(toml::Value::String(text));
    }
    let problem = |why: toml::value::DatetimeParseError| PageError::setting("time_zone", why.to_string());
    Ok(toml::Value::Datetime(text.parse().map_err(problem)?))
}

/// The text below the front matter, with the footnotes that it uses.
struct Body<'a> {
    brief: &'a Brief,
    snapshots: &'a Snapshots,
    blocks: Vec<String>,
    numbers: BTreeMap<SnapshotId, usize>,
    order: Vec<SnapshotId>,
    /// Sources of what carries no mark itself (title, heading, code): the next paragraph carries it.
    pending: Vec<SnapshotId>,
}

impl<'a> Body<'a> {
    fn write(page: &SitePage, draft: &Draft, brief: &'a Brief, snapshots: &'a Snapshots) -> Result<String, PageError> {
        let mut body = Self {
            brief,
            snapshots,
            blocks: Vec::new(),
            numbers: BTreeMap::new(),
            order: Vec::new(),
            pending: Vec::new(),
        };
        body.owe(draft.title.cites.iter().chain(&draft.description.cites));
        if page.body_summary {
            body.paragraph("", &draft.summary);
        } else {
            body.owe(draft.summary.iter().flat_map(|s| &s.cites));
        }
        for section in &draft.sections {
            let heading = inline(&section.heading.text, true);
            if !heading.is_empty() {
                body.blocks.push(format!("## {heading}"));
            }
            body.owe(&section.heading.cites);
            for block in &section.blocks {
                body.block(block);
            }
        }
        body.settle();
        body.related(page, &brief.related);
        if !page.disclosure.trim().is_empty() {
            body.blocks.push(page.disclosure.trim().replace("{model}", &inline(&draft.writer.model, false)));
        }
        let mut definitions = Vec::new();
        for (id, number) in body.order.iter().zip(1_usize..) {
            definitions.push(body.definition(id, number)?);
        }
        if !definitions.is_empty() {
            body.blocks.push(definitions.join("\n"));
        }
        Ok(body.blocks.join("\n\n") + "\n")
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(sentences) => self.paragraph("", sentences),
            Block::List(points) => {
                let at = self.blocks.len();
                for point in points {
                    self.paragraph("- ", point);
                }
                let points = self.blocks.split_off(at);
                if !points.is_empty() {
                    self.blocks.push(points.join("\n"));
                }
            }
            Block::Code { language, text, cite } => {
                if !text.trim().is_empty() {
                    self.blocks.push(code_block(language, text));
                }
                self.owe(cite.iter());
            }
        }
    }

    /// Writes sentences as one line behind `mark`, each with the marks of its sources.
    fn paragraph(&mut self, mark: &str, sentences: &[Sentence]) {
        let mut parts: Vec<String> = Vec::new();
        let mut last: Vec<usize> = Vec::new();
        for sentence in sentences {
            let text = inline(&sentence.text, parts.is_empty());
            if !text.is_empty() {
                last = self.numbers_of(sentence.cites.iter().map(|c| &c.snapshot));
                parts.push(text + &marks(&last));
            }
        }
        let Some(end) = parts.last_mut() else { return };
        let owed: Vec<SnapshotId> = std::mem::take(&mut self.pending);
        let more: Vec<usize> =
            self.numbers_of(owed.iter().filter(|id| !self.numbers.contains_key(*id)).collect::<Vec<_>>().into_iter());
        end.push_str(&marks(&more.into_iter().filter(|n| !last.contains(n)).collect::<Vec<_>>()));
        self.blocks.push(format!("{mark}{}", parts.join(" ")));
    }

    /// Gives what is still owed a line of its own, so that every source is listed.
    fn settle(&mut self) {
        let owed: Vec<SnapshotId> = std::mem::take(&mut self.pending);
        let new: Vec<&SnapshotId> = owed.iter().filter(|id| !self.numbers.contains_key(*id)).collect();
        let numbers = self.numbers_of(new.into_iter());
        if !numbers.is_empty() {
            self.blocks.push(marks(&numbers));
        }
    }

    fn owe<'c>(&mut self, cites: impl IntoIterator<Item = &'c Cite>) {
        self.pending.extend(cites.into_iter().map(|c| c.snapshot.clone()));
    }

    /// The footnote numbers of sources, each once, given out in the order of first use.
    fn numbers_of<'c>(&mut self, ids: impl Iterator<Item = &'c SnapshotId>) -> Vec<usize> {
        let mut numbers = Vec::new();
        for id in ids {
            let next = self.order.len() + 1;
            let number = *self.numbers.entry(id.clone()).or_insert(next);
            if number == next {
                self.order.push(id.clone());
            }
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    fn related(&mut self, page: &SitePage, posts: &[RelatedPost]) {
        let links: Vec<String> = posts
            .iter()
            .filter_map(|post| Some(format!("- [{}](<{}>)", inline(&post.title, false), site_destination(&post.url)?)))
            .collect();
        if !links.is_empty() && !page.related_heading.trim().is_empty() {
            self.blocks.push(format!("## {}", inline(&page.related_heading, true)));
            self.blocks.push(links.join("\n"));
        }
    }

    fn definition(&self, id: &SnapshotId, number: usize) -> Result<String, PageError> {
        let source = self.brief.sources.iter().find(|s| s.snapshot == *id);
        let snapshot = self.snapshots.get(id);
        let (title, url, publisher, published) = match (source, snapshot) {
            (Some(s), _) => (s.title.as_str(), s.url.as_str(), s.publisher.as_deref(), s.published),
            (None, Some(s)) => {
                (s.title.as_deref().unwrap_or(&s.url), s.url.as_str(), s.publisher.as_deref(), s.published)
            }
            (None, None) => return Err(PageError::UnknownSource(id.to_string())),
        };
        let mut title = inline(title, true);
        if title.is_empty() {
            title = inline(url, true);
        }
        let mut parts = vec![match destination(url) {
            Some(url) => format!("[{title}](<{url}>)"),
            None => title,
        }];
        parts.extend(publisher.map(|p| inline(p, false)).filter(|p| !p.is_empty()));
        parts.extend(published.map(|at| at.strftime("%Y-%m-%d").to_string()));
        Ok(format!("[^{number}]: {}.", parts.join(", ")))
    }
}

fn marks(numbers: &[usize]) -> String {
    numbers.iter().map(|n| format!("[^{n}]")).collect()
}
