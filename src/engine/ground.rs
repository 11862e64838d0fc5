//! The ground a site's pages are checked on: its default branch, exported and built once per commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gates::inventory::Inventory;
use jiff::Timestamp;
use states::words::RunId;

use super::desk::Desk;
use super::inventory;
use super::outcome::Outcome;
use super::tree;
use crate::config::Site;
use crate::hugo::{Hugo, HugoError};
use crate::publish::{Credentials, PublishError, RepoOptions, SecretString, SiteRepo, seed};

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
        Err(does_not_build(site, why))
    }
}

/// The outcome of an effect that meets a default branch that does not build.
pub(super) fn does_not_build(site: &Site, why: &str) -> Outcome {
    Outcome::deferred(
        format!("site does not build: {}", site.name),
        format!("the default branch does not build, so no draft can be checked; mend it there. Hugo says: {why}"),
    )
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
        match self.hugo(site) {
            Err(why) => standing.built = Built::NotRun(why),
            Ok(hugo) => {
                let now = hugo.clock.unwrap_or_else(|| self.clock.now());
                let limit = Duration::from_secs(self.config.desk.hugo_seconds);
                if let Err(error) = survey(&hugo, &mut standing, limit, now, &site.page.keys.tags).await {
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

/// Builds the default branch and reads what the site has.
async fn survey(
    hugo: &Hugo,
    standing: &mut Standing,
    limit: Duration,
    now: Timestamp,
    tags: &str,
) -> Result<(), HugoError> {
    let output = standing.source.with_file_name("public");
    // A command leaves in its folder what it likes; drafts are built beside the export as it was.
    let copy = match hugo.build.command.is_empty() {
        true => None,
        false => Some(copied(&standing.source).await.map_err(|e| HugoError::Failed { message: e.to_string() })?),
    };
    let source = copy.as_ref().map_or_else(|| standing.source.clone(), |copy| copy.path().join("source"));
    let site = inventory::survey(hugo, &source, &output, limit, now, tags).await?;
    standing.site_links = inventory::common_links(&output, &site);
    standing.inventory = site.inventory;
    Ok(())
}

/// A folder beside an exported tree, with a copy of the tree in it that is called `source`.
pub(super) async fn copied(tree: &Path) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("copy-").tempdir_in(tree.parent().unwrap_or(Path::new(".")))?;
    let (from, to) = (tree.to_owned(), folder.path().join("source"));
    tokio::task::spawn_blocking(move || tree::copy(&from, &to)).await.map_err(std::io::Error::other)??;
    Ok(folder)
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
