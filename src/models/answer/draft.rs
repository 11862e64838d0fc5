//! A model's draft: sentences with numbers become sentences with byte ranges.

use std::collections::BTreeSet;

use states::words::{Block, Brief, Cite, Draft, Numbered, Section, Sentence, Snapshots, Writer};

use super::plain::{MAX_SENTENCE, problem_of};
use super::triage::squeezed;
use super::{At, ParseError, object_of};

/// Bounds of a draft. They are wide: what is merely too long for a page is for the gates to say.
const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 400;
const MAX_SUMMARY: usize = 8;
const MAX_SECTIONS: usize = 40;
const MAX_BLOCKS: usize = 60;
const MAX_IN_BLOCK: usize = 40;
const MAX_CITES: usize = 16;
const MAX_TAGS: usize = 8;

/// Reads a draft. Numbers become the byte ranges of the brief's sentences. Tags that the site does not have are left
/// out; everything else that does not fit is an error.
///
/// # Errors
/// See [`ParseError`]: the first thing that is wrong, with its path.
pub fn parse_draft(answer: &str, brief: &Brief, snapshots: &Snapshots, writer: Writer) -> Result<Draft, ParseError> {
    let object = object_of(answer)?;
    let reader = Reader { brief, snapshots, numbered: brief.numbered().collect() };
    let member = |name: &str| At::member(&object, name, "");
    let title = reader.sentence(&member("title")?, MAX_TITLE)?;
    let description = reader.sentence(&member("description")?, MAX_DESCRIPTION)?;
    let summary = reader.sentences(&member("summary")?, MAX_SUMMARY)?;
    let sections =
        member("sections")?.items(1, MAX_SECTIONS)?.iter().map(|at| reader.section(at)).collect::<Result<_, _>>()?;
    let tags = reader.tags(&member("tags")?)?;
    Ok(Draft {
        template: brief.template,
        title,
        description,
        summary,
        sections,
        keyword: brief.keyword.clone(),
        tags,
        writer,
    })
}

struct Reader<'a> {
    brief: &'a Brief,
    snapshots: &'a Snapshots,
    numbered: Vec<Numbered>,
}

impl Reader<'_> {
    fn section(&self, at: &At<'_>) -> Result<Section, ParseError> {
        let object = at.object()?;
        let heading = self.sentence(&At::member(object, "heading", &at.path)?, MAX_TITLE)?;
        let mut blocks = Vec::new();
        for paragraph in At::member(object, "paragraphs", &at.path)?.items(0, MAX_BLOCKS)? {
            blocks.push(Block::Paragraph(self.sentences(&paragraph, MAX_IN_BLOCK)?));
        }
        if object.contains_key("points") {
            let points = At::member(object, "points", &at.path)?.items(0, MAX_BLOCKS)?;
            if !points.is_empty() {
                let list = points.iter().map(|point| self.sentences(point, MAX_IN_BLOCK)).collect::<Result<_, _>>()?;
                blocks.push(Block::List(list));
            }
        }
        if blocks.is_empty() {
            return Err(ParseError::Count { at: format!("{}.paragraphs", at.path), found: 0, from: 1, to: MAX_BLOCKS });
        }
        Ok(Section { heading, blocks })
    }

    fn sentences(&self, at: &At<'_>, most: usize) -> Result<Vec<Sentence>, ParseError> {
        at.items(1, most)?.iter().map(|item| self.sentence(item, MAX_SENTENCE)).collect()
    }

    fn sentence(&self, at: &At<'_>, most: usize) -> Result<Sentence, ParseError> {
        let object = at.object()?;
        let text = squeezed(At::member(object, "text", &at.path)?.string()?);
        if let Some(problem) = problem_of(&text, most) {
            return Err(ParseError::Text { at: format!("{}.text", at.path), problem });
        }
        let mut cites: Vec<Cite> = Vec::new();
        for item in At::member(object, "cites", &at.path)?.items(0, MAX_CITES)? {
            let cite = self.cite(&item)?;
            if !cites.contains(&cite) {
                cites.push(cite);
            }
        }
        Ok(Sentence { text, cites })
    }

    fn cite(&self, at: &At<'_>) -> Result<Cite, ParseError> {
        let unknown = || ParseError::Citation {
            at: at.path.clone(),
            number: at.value.to_string().chars().take(40).collect(),
            highest: self.numbered.len(),
        };
        let number = at.value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(unknown)?;
        let found = number.checked_sub(1).and_then(|i| self.numbered.get(i)).ok_or_else(unknown)?;
        let snapshot = self.brief.sources[found.source].snapshot.clone();
        let cite = Cite { snapshot, start: found.span.start, end: found.span.end };
        if self.snapshots.cited(&cite).is_none_or(str::is_empty) {
            return Err(unknown());
        }
        Ok(cite)
    }

    fn tags(&self, at: &At<'_>) -> Result<Vec<String>, ParseError> {
        let mut seen = BTreeSet::new();
        let mut tags = Vec::new();
        for item in at.items(0, 50)? {
            let wanted = squeezed(item.string()?).to_lowercase();
            let known = if self.brief.vocabulary.is_empty() {
                let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '+' | '.');
                (!wanted.is_empty() && wanted.chars().count() <= 40 && wanted.chars().all(plain)).then_some(wanted)
            } else {
                self.brief.vocabulary.iter().find(|tag| tag.to_lowercase() == wanted).cloned()
            };
            if let Some(tag) = known
                && tags.len() < MAX_TAGS
                && seen.insert(tag.clone())
            {
                tags.push(tag);
            }
        }
        Ok(tags)
    }
}
