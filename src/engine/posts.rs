//! A site's own posts: in the fingerprint index before anything is compared with it, and again for each new commit of the
//! default branch. What retells a post is no news.

use jiff::Timestamp;
use sources::{Fingerprint, Preset};
use states::relations::Membership;
use states::words::{ArticleId, Origin, RunId, StoryId};

use super::desk::Desk;
use super::ground::publish_outcome;
use super::outcome::Outcome;
use crate::config::Site;
use crate::publish::SitePageText;
use crate::store::{PostRow, StoreError};

/// How many posts are put into the index in one transaction.
const BATCH: usize = 100;
/// A page of fewer words is a stub: half of the web would be like it.
const FEWEST_WORDS: usize = 30;

/// What is known of a site's posts in this run.
#[derive(Debug, Default)]
pub(super) struct PostsChecked {
    /// The run in which they were read.
    run: Option<RunId>,
    /// Why they could not be read, and when: one look is enough for all that wait for it.
    failed: Option<(Option<RunId>, Timestamp, String, String)>,
}

/// A post, read.
struct Read {
    row: PostRow,
    print: Option<Fingerprint>,
}

impl Desk {
    /// Sees to it that the posts of a site are in the index: once in a run, and only what has changed. A site that cannot be
    /// reached now is known as it was the last time; before first contact its leads wait.
    ///
    /// # Errors
    /// The outcome of the effect that needs the index.
    pub(super) async fn know_posts(&self, site: &Site) -> Result<(), Outcome> {
        let Some(checked) = self.posts_checked.get(&site.name) else { return Ok(()) };
        // Whoever comes second waits for the first.
        let mut checked = checked.lock().await;
        let (run, now) = (self.run().await, self.clock.now());
        if run.is_some() && checked.run == run {
            return Ok(());
        }
        let fresh = |at: &Timestamp| now.duration_since(*at).as_secs() < self.config.desk.probe_seconds;
        if let Some((_, _, cause, message)) = checked.failed.as_ref().filter(|f| f.0 == run && fresh(&f.1)) {
            return Err(Outcome::deferred(cause.clone(), message.clone()));
        }
        let before = self.store.posts_read(&site.name).await?;
        match self.read_posts(site, before.as_deref()).await {
            Ok(()) => {}
            Err(outcome) if before.is_none() => {
                if let Outcome::Deferred { cause, message, .. } = &outcome {
                    checked.failed = Some((run, now, cause.clone(), message.clone()));
                }
                return Err(outcome);
            }
            Err(_) => tracing::warn!(site = %site.name, "the site cannot be read; its newest posts are not known yet"),
        }
        checked.run = run;
        Ok(())
    }

    async fn read_posts(&self, site: &Site, before: Option<&str>) -> Result<(), Outcome> {
        let trouble = |e| publish_outcome(site, &e);
        let repo = self.repo(site).await.map_err(trouble)?;
        let base = self.base(site, &repo).await.map_err(trouble)?;
        if before == Some(base.as_str()) {
            return Ok(());
        }
        let known = self.store.known_posts(&site.name).await?;
        let pages = repo.pages(&base, &site.page.content, known);
        let pages = self.tape().trouble("pages", &base, pages).await.map_err(trouble)?;
        let count = pages.len();
        let name = site.name.clone();
        let preset = self.config.desk.fingerprint.preset;
        let read = move || pages.into_iter().map(|p| read(&name, preset, p)).collect::<Vec<_>>();
        let read = tokio::task::spawn_blocking(read);
        let read = read.await.map_err(|e| Outcome::failed(e.to_string()))?;
        for batch in read.chunks(BATCH) {
            self.index_posts(site, batch).await?;
        }
        // Last: what is cut off before is read again.
        let mut tx = self.store.begin().await?;
        tx.posts_are_read(&site.name, &base).await?;
        tx.commit().await?;
        tracing::info!(site = %site.name, posts = count, "the site's own posts are in the index");
        Ok(())
    }

    async fn index_posts(&self, site: &Site, batch: &[Read]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        for Read { row, print } in batch {
            let made = tx.made_with_slug(&site.name, slug(&row.path)).await?;
            let row = PostRow { article: made.as_ref().map(|m| m.0.clone()), ..row.clone() };
            tx.keep_post(&row).await?;
            let Some(print) = print else { continue };
            tx.index(&site.name, super::likeness::print(row.id.as_str(), print)).await?;
            let (story, membership) = match made {
                Some((_, story)) => (story, Membership::Copy),
                None => (StoryId::of(&row.id), Membership::First),
            };
            if tx.story_of(&row.id).await?.is_none() {
                tx.join(&site.name, &row.id, &story, membership, now).await?;
            }
        }
        tx.commit().await
    }
}

/// What a page's address ends in: its folder's name for a bundle, else its file's.
fn slug(path: &str) -> &str {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file.split('.').next().unwrap_or_default() {
        "index" => folder.rsplit('/').next().unwrap_or_default(),
        stem => stem,
    }
}

/// Reads a post: the running text, without front matter and markup.
fn read(site: &states::words::SiteName, preset: Preset, page: SitePageText) -> Read {
    let id = ArticleId::of(site, &Origin::Post { path: page.path.clone() });
    let parsed = gates::page::Page::parse(&page.path, &page.text).ok();
    let title = parsed.as_ref().and_then(|p| p.front_text("title")).map(str::to_owned);
    let print = parsed.filter(|p| p.count_words() >= FEWEST_WORDS).map(|parsed| {
        let passages: Vec<&str> = parsed.passages.iter().map(|p| p.text.as_str()).collect();
        Fingerprint::by(preset, &passages.join("\n\n"))
    });
    Read { row: PostRow { id, site: site.clone(), path: page.path, blob: page.blob, title, article: None }, print }
}
