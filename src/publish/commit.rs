//! One page as one commit. Same values, same commit.

use git2::{Commit, FileMode, ObjectType, Oid, Repository, Signature, Time, Tree};
use states::words::{ArticleId, PageFile, StoryId, Timestamp};

use super::PublishError;
use super::error::Trouble;
use super::export::is_file_name;
use super::neutral::neutral;

/// The trailers that tie a commit to its article and story.
pub(super) const ARTICLE: &str = "Pipeline-Article";
pub(super) const STORY: &str = "Pipeline-Story";

/// A commit to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// Its parent: the head of the default branch, or our own last head for an update.
    pub base: String,
    /// The page's files.
    pub files: Vec<PageFile>,
    /// The folder that every file must lie in, for example `content`.
    pub folder: String,
    /// Whether files may replace what stands at their path.
    pub update: bool,
    /// The first line of the message. It may come from a title: it is made harmless here.
    pub subject: String,
    /// The article.
    pub article: ArticleId,
    /// Its story.
    pub story: StoryId,
    /// The author's name.
    pub author_name: String,
    /// The author's e-mail address.
    pub author_email: String,
    /// The time of the commit, stored with the page's identity.
    pub at: Timestamp,
}

pub(super) fn build(repo: &Repository, base: &Commit<'_>, new: &NewCommit) -> Result<Oid, Trouble> {
    let refuse = |why: String| Err(Trouble::from(PublishError::Refused(why)));
    let tree = base.tree()?;
    let mut update = git2::build::TreeUpdateBuilder::new();
    let mut files: Vec<&PageFile> = new.files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if files.is_empty() {
        return refuse("a page has no files".into());
    }
    if files.windows(2).any(|pair| pair[0].path == pair[1].path) {
        return refuse(format!("`{}` would be written twice", files[0].path));
    }
    for file in files {
        check(repo, &tree, file, new)?;
        let blob = repo.blob(file.text.as_bytes())?;
        update.upsert(file.path.as_str(), blob, FileMode::Blob);
    }
    let changed = update.create_updated(repo, &tree)?;
    if changed == tree.id() {
        return refuse("the page is in the repository already, with the same bytes".into());
    }
    let (name, email) = (person(&new.author_name), person(&new.author_email));
    let signature = Signature::new(&name, &email, &Time::new(new.at.as_second(), 0))
        .map_err(|why| PublishError::Refused(format!("the author `{name} <{email}>`: {}", why.message())))?;
    let changed = repo.find_tree(changed)?;
    Ok(repo.commit(None, &signature, &signature, &message(new), &changed, &[base])?)
}

/// Refuses a path that does not lead to a plain file in the content folder of this very tree.
fn check(repo: &Repository, tree: &Tree<'_>, file: &PageFile, new: &NewCommit) -> Result<(), Trouble> {
    let shown = file.path.escape_debug().to_string();
    let refuse = |why: &str| Err(Trouble::from(PublishError::Refused(format!("`{shown}` {why}"))));
    let pieces: Vec<&str> = file.path.split('/').collect();
    if !pieces.iter().all(|piece| is_file_name(piece) && !piece.starts_with(['.', '-'])) || file.path.len() > 400 {
        return refuse("is not a path of a page");
    }
    let inside = file.path.strip_prefix(new.folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
    if !inside || new.folder.is_empty() {
        return refuse(&format!("is not inside the folder `{}`", new.folder));
    }
    let mut at = tree.clone();
    for (index, piece) in pieces.iter().enumerate() {
        let last = index + 1 == pieces.len();
        // A name that differs in case only would be the same file on other systems.
        let other = at.iter().find_map(|entry| {
            let name = entry.name().ok()?;
            (name != *piece && name.to_lowercase() == piece.to_lowercase()).then(|| name.to_owned())
        });
        if let Some(other) = other {
            return refuse(&format!("differs from `{}` by upper and lower case only", other.escape_debug()));
        }
        let Some(entry) = at.get_name(piece).map(|e| e.to_owned()) else { return Ok(()) };
        match (entry.kind(), last) {
            (Some(ObjectType::Tree), false) => {
                let below = entry.to_object(repo)?.into_tree();
                at = below.map_err(|_| Trouble::Damage(format!("{piece} is no tree")))?;
            }
            (Some(ObjectType::Blob), true) if matches!(entry.filemode(), 0o100_644 | 0o100_755 | 0o100_664) => {
                return if new.update { Ok(()) } else { refuse("is a file of the site already") };
            }
            (_, true) => return refuse("is not a plain file in the site"),
            (_, false) => return refuse(&format!("leads through `{piece}`, which is not a folder in the site")),
        }
    }
    Ok(())
}

/// A name or address without what would end it early.
fn person(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(120).collect();
    kept.trim().to_owned()
}

/// One line, an empty line, the trailers. Square brackets become round ones, because forges read `[skip ci]`.
fn message(new: &NewCommit) -> String {
    let subject: String = neutral(&new.subject).replace('[', "(").replace(']', ")").chars().take(100).collect();
    let subject = subject.trim().trim_start_matches(['#', '-']).trim();
    let subject = if subject.is_empty() { "Article" } else { subject };
    format!("{subject}\n\n{ARTICLE}: {}\n{STORY}: {}\n", new.article, new.story)
}

/// The value of a trailer in a commit's message: in its last paragraph only, so that a subject cannot name one.
pub(super) fn trailer<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let paragraph = message.trim_end().rsplit("\n\n").next()?;
    paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
