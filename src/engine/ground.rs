//! The ground a site's pages are checked on: its default branch, exported and built once per commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gates::inventory::{Inventory, Post, sentence_prints};
use gates::page::Page;
use gates::{BuiltPage, references};
use states::words::RunId;

use super::desk::Desk;
use super::outcome::Outcome;
use crate::config::Site;
use crate::hugo::{Hugo, HugoError, Listed};
use crate::publish::{Credentials, PublishError, RepoOptions, SecretString, SiteRepo, seed};

/// The most posts that are read of a site.
const MOST_POSTS: usize = 5_000;

/// What is known of a site; empty until it is needed.
#[derive(Default)]
pub struct Ground {
    repo: Option<Arc<SiteRepo>>,
    checked: Option<RunId>,
    standing: Option<Arc<Standing>>,
}

/// A site at one commit of its default branch.
pub struct Standing {
    /// The commit.
    pub base: String,
    /// The exported tree.
    pub source: PathBuf,
    /// Whether it builds.
    pub built: Built,
    /// What the site has.
    pub inventory: Inventory,
    /// What its layout puts on every page.
    pub site_links: Vec<String>,
    _folder: tempfile::TempDir,
}

/// Whether the default branch builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    /// It does.
    Good,
    /// There is no Hugo to tell.
    NotRun(String),
    /// It does not: no draft is blamed for it.
    Broken(String),
}

impl Standing {
    /// Whether drafts can be checked here.
    ///
    /// # Errors
    /// The outcome of the effect that needs it, where the default branch does not build: no draft is blamed for it.
    pub fn must_build(&self, site: &Site) -> Result<(), Outcome> {
        let Built::Broken(why) = &self.built else { return Ok(()) };
        Err(Outcome::deferred(
            format!("site does not build: {}", site.name),
            format!("the default branch does not build, so no draft can be checked; mend it there. Hugo says: {why}"),
        ))
    }
}

impl Desk {
    /// The repository of a site, opened once; made from its seed where it does not exist.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn repo(&self, site: &Site) -> Result<Arc<SiteRepo>, PublishError> {
        let mut ground = self.ground_of(site)?.lock().await;
        self.open_repo(site, &mut ground).await
    }

    /// The folder of this database's builds. Whoever holds the runner's lock is alone in it.
    pub(super) fn builds(&self) -> PathBuf {
        self.config.database().with_extension("builds")
    }

    fn ground_of(&self, site: &Site) -> Result<&tokio::sync::Mutex<Ground>, PublishError> {
        self.grounds.get(&site.name).ok_or_else(|| PublishError::Bug(format!("the site `{}` has no ground", site.name)))
    }

    async fn open_repo(&self, site: &Site, ground: &mut Ground) -> Result<Arc<SiteRepo>, PublishError> {
        if let Some(repo) = &ground.repo {
            return Ok(repo.clone());
        }
        let remote = self.config.remote(site);
        if let Some(folder) = &site.seed {
            let author = (site.committer_name.clone(), site.committer_email.clone());
            seed(Path::new(&remote), &self.config.path(folder), author, self.clock.now()).await?;
        }
        let secret = match &site.credentials {
            Credentials::None => None,
            Credentials::Token { env, .. } => Some(read_secret(env)?),
            Credentials::Ssh { passphrase_env, .. } => passphrase_env.as_deref().map(read_secret).transpose()?,
        };
        let options = RepoOptions {
            remote,
            branch: site.branch.clone(),
            clone_dir: self.config.clone_dir(site),
            credentials: site.credentials.clone(),
            ..RepoOptions::default()
        };
        let opened = self.tape().trouble("open", site.name.as_str(), SiteRepo::open(options, secret)).await?;
        let repo = Arc::new(opened);
        ground.repo = Some(repo.clone());
        Ok(repo)
    }

    /// The site as its default branch stands: asked for once per run, exported and built once per commit.
    ///
    /// # Errors
    /// The outcome of the effect that needs it: deferred under the cause that the world has.
    pub async fn ground(&self, site: &Site) -> Result<Arc<Standing>, Outcome> {
        let mut ground = self.ground_of(site).map_err(|e| publish_outcome(site, &e))?.lock().await;
        let repo = self.open_repo(site, &mut ground).await.map_err(|e| publish_outcome(site, &e))?;
        let run = self.run().await;
        if let Some(standing) = &ground.standing
            && run.is_some()
            && ground.checked == run
            && !matches!(standing.built, Built::Broken(_))
        {
            return Ok(standing.clone());
        }
        let base = self.base(site, &repo).await.map_err(|e| publish_outcome(site, &e))?;
        // A build that failed is tried again: it may have been the machine.
        let good = |s: &&Arc<Standing>| s.base == base && !matches!(s.built, Built::Broken(_));
        if let Some(standing) = ground.standing.as_ref().filter(good) {
            let standing = standing.clone();
            ground.checked = run;
            return Ok(standing);
        }
        let standing = Arc::new(self.stand(site, &repo, base).await?);
        ground.standing = Some(standing.clone());
        ground.checked = run;
        Ok(standing)
    }

    async fn stand(&self, site: &Site, repo: &SiteRepo, base: String) -> Result<Standing, Outcome> {
        let disk = |e: std::io::Error| Outcome::deferred("disk", format!("no folder for the build: {e}"));
        let parent = self.builds();
        std::fs::create_dir_all(&parent).map_err(disk)?;
        let folder = tempfile::Builder::new().prefix("site-").tempdir_in(&parent).map_err(disk)?;
        let source = folder.path().join("source");
        self.tape()
            .trouble("export", &base, repo.export(&base, &source))
            .await
            .map_err(|e| publish_outcome(site, &e))?;
        let mut standing = Standing {
            base,
            source,
            built: Built::Good,
            inventory: Inventory::default(),
            site_links: Vec::new(),
            _folder: folder,
        };
        match self.hugo() {
            Err(why) => standing.built = Built::NotRun(why),
            Ok(hugo) => {
                let limit = Duration::from_secs(self.config.desk.hugo_seconds);
                if let Err(error) = survey(&hugo, &mut standing, limit).await {
                    standing.built = match error {
                        HugoError::Missing { .. } => Built::NotRun(error.to_string()),
                        _ => Built::Broken(error.to_string()),
                    };
                }
            }
        }
        Ok(standing)
    }
}

/// What a site in a folder has, as Hugo sees it.
///
/// # Errors
/// [`HugoError`].
pub async fn inventory_of(hugo: &Hugo, folder: &Path, limit: Duration) -> Result<Inventory, HugoError> {
    let output = tempfile::tempdir().map_err(|e| HugoError::Failed { message: e.to_string() })?;
    let output = output.path().join("public");
    hugo.build(folder, &output, limit).await?;
    let base_url = hugo.base_url(folder).await?;
    Ok(inventory(folder, &base_url, &hugo.list(folder).await?, &output))
}

/// Builds the default branch and reads what the site has.
async fn survey(hugo: &Hugo, standing: &mut Standing, limit: Duration) -> Result<(), HugoError> {
    let output = standing.source.with_file_name("public");
    hugo.build(&standing.source, &output, limit).await?;
    let base_url = hugo.base_url(&standing.source).await?;
    let listed = hugo.list(&standing.source).await?;
    standing.inventory = inventory(&standing.source, &base_url, &listed, &output);
    // What the layout puts on every page is what stands on a page that has no content of its own.
    let pages = listed.iter().filter_map(|l| l.output_path(&base_url));
    let plain = std::iter::once(PathBuf::from("404.html")).chain(std::iter::once("index.html".into())).chain(pages);
    let mut common: Option<BTreeSet<String>> = None;
    for page in plain.take(12) {
        if let Ok(html) = std::fs::read_to_string(output.join(&page)) {
            let found: BTreeSet<String> = references(&html, "/", &standing.inventory).into_iter().collect();
            common = Some(match common {
                None => found,
                Some(known) => known.intersection(&found).cloned().collect(),
            });
        }
    }
    standing.site_links = common.unwrap_or_default().into_iter().collect();
    Ok(())
}

fn inventory(source: &Path, base_url: &str, listed: &[Listed], output: &Path) -> Inventory {
    let mut inventory = Inventory { base_url: Some(base_url.to_owned()), ..Inventory::default() };
    let on_site = |permalink: &str| match url::Url::parse(permalink) {
        Ok(url) => url.path().to_owned(),
        Err(_) => permalink.to_owned(),
    };
    for entry in listed.iter().filter(|l| !l.draft).take(MOST_POSTS) {
        let url = on_site(&entry.permalink);
        if entry.kind != "page" {
            inventory.permalinks.insert(url);
            continue;
        }
        let text = std::fs::read_to_string(source.join(&entry.path)).unwrap_or_default();
        let page = Page::parse(&entry.path, &text).ok();
        let list = |key: &str| -> Vec<String> {
            let values = page.as_ref().and_then(|p| p.front.get(key)).and_then(|v| v.as_array());
            values.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let tags = list("tags");
        inventory.vocabulary.extend(tags.iter().cloned());
        inventory.posts.push(Post {
            path: entry.path.clone(),
            slug: url.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
            url,
            title: entry.title.clone(),
            tags,
            aliases: list("aliases"),
            description: page.as_ref().and_then(|p| p.front_text("description")).map(str::to_owned),
            bytes_hash: None,
            sentences: page.as_ref().map(|p| sentence_prints(p.body())).unwrap_or_default(),
        });
    }
    let mut folders = vec![output.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(output) {
                let relative = format!("/{}", relative.to_string_lossy());
                match relative.strip_suffix("index.html") {
                    Some(page) => inventory.permalinks.insert(page.to_owned()),
                    None => inventory.files.insert(relative),
                };
            }
        }
    }
    inventory
}

/// The page of a built site at this address.
pub(super) fn built_page(output: &Path, listed: &[Listed], base_url: &str, path: &str) -> Option<BuiltPage> {
    let entry = listed.iter().find(|l| l.path == path)?;
    let html = std::fs::read_to_string(output.join(entry.output_path(base_url)?)).ok()?;
    let url = url::Url::parse(&entry.permalink).map_or_else(|_| entry.permalink.clone(), |u| u.path().to_owned());
    Some(BuiltPage { url, html })
}

fn read_secret(variable: &str) -> Result<SecretString, PublishError> {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => Ok(SecretString::from(value)),
        _ => Err(PublishError::Auth(format!("the variable {variable} is not set: set it, or change `credentials`"))),
    }
}

/// What trouble with a remote means for the effect that met it.
pub(super) fn publish_outcome(site: &Site, error: &PublishError) -> Outcome {
    match error.cause() {
        Some("disk") => Outcome::deferred("disk", error.to_string()),
        Some(cause) => Outcome::deferred(format!("{cause}: {}", site.name), error.to_string()),
        None => Outcome::Failed { why: error.to_string(), retry: error.retry(), retry_after: None },
    }
}
