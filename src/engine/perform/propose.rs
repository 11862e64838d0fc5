//! Publishing: a commit on a branch of its own, pushed without force, and a pull request where a forge is configured.

use states::state::{Gated, Piece, Proposal};
use states::words::{BytesHash, PassedGates};

use super::super::desk::Desk;
use super::super::ground::publish_outcome;
use super::super::judged::record_line;
use super::super::outcome::{Done, Outcome};
use super::super::revisions::Tried;
use crate::publish::{Cost, NewCommit, PullRequest, PushOutcome, pull_request_body, pull_request_title};
use crate::store::ArticleRow;

/// Puts a page that passed on its branch and proposes it. The same page gives the same commit, the same branch and the same
/// pull request, however often this runs.
pub(super) async fn perform(
    desk: &Desk,
    article: &ArticleRow,
    piece: &Piece,
    gated: &Gated,
    passed: &PassedGates,
    branch: &str,
) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let trouble = |e| publish_outcome(site, &e);
    let files = desk.store.page(passed.bytes()).await?;
    let bytes = BytesHash::of(files.iter().map(|f| (f.path.as_str(), f.text.as_bytes())));
    if bytes != *passed.bytes() {
        return Err(Outcome::hopeless("the stored page is not the one that passed"));
    }
    let paths: Vec<String> = files.iter().map(|f| f.path.clone()).collect();
    let draft = desk.store.draft(&piece.draft).await?;
    let story = article.story();
    let repo = desk.repo(site).await.map_err(trouble)?;
    let title = pull_request_title(&draft.title.text);
    let oid = repo
        .build_commit(NewCommit {
            base: gated.base.clone(),
            files,
            folder: site.page.content.clone(),
            update: false,
            subject: title.clone(),
            article: article.id.clone(),
            story: story.clone(),
            author_name: site.committer_name.clone(),
            author_email: site.committer_email.clone(),
            at: piece.page.dated,
        })
        .await
        .map_err(trouble)?;
    let branch = match desk.push(site, &repo, branch, &oid).await.map_err(trouble)? {
        PushOutcome::Pushed { branch } | PushOutcome::AlreadyThere { branch } => branch,
        PushOutcome::MovedByPerson { branch, head } => {
            return Err(Outcome::hopeless(format!(
                "somebody has changed the branch {branch} (now {head}); it is left as it is"
            )));
        }
        PushOutcome::Removed => return Ok(Outcome::done(Done::Closed("its branch was removed".into()))),
        PushOutcome::Declined { reason } => {
            return Err(Outcome::deferred(
                format!("remote declines: {}", site.name),
                format!("the remote declines the push: {reason}"),
            ));
        }
    };
    let mut proposal = Proposal { branch, head: oid, number: None, url: None };
    if let Some(forge) = desk.forges.get(&site.name) {
        let credentials = |why: &String| Outcome::deferred(format!("remote credentials: {}", site.name), why.clone());
        let forge = forge.as_ref().map_err(credentials)?;
        let report = desk.store.report(&gated.report).await?;
        let brief = desk.store.brief(&piece.brief).await?;
        let snapshots = desk.store.snapshots_of(&brief).await?;
        let (usd, _) = desk.store.article_cost(&article.id).await?;
        let revisions = gates::revision::steps_lines(&Tried::of(&desk.store, &article.id).await?.steps());
        let judge_record = record_line(&desk.config, &desk.store, &gated.report, &site.name).await?;
        let body = pull_request_body(
            &PullRequest {
                article: &article.id,
                story: &story,
                draft: &draft,
                report: &report,
                snapshots: &snapshots,
                paths: &paths,
                revisions: &revisions,
                judge_record: judge_record.as_deref(),
                cost: Cost { usd, energy: states::words::MilliWattHours::ZERO },
            },
            template(desk).map_err(|why| Outcome::deferred("templates", why))?.as_deref(),
        )
        .map_err(trouble)?;
        let base = repo.default_branch().await.map_err(trouble)?;
        let opened = forge.propose(&proposal.branch, &base, &title, &body);
        let opened = desk.heard("propose", &proposal.branch, opened).await.map_err(trouble)?;
        proposal.number = Some(opened.number);
        proposal.url = Some(opened.url);
    }
    Ok(Outcome::done(Done::Pushed(proposal)))
}

/// The owner's own text for pull requests, where there is one.
fn template(desk: &Desk) -> Result<Option<String>, String> {
    let Some(folder) = &desk.config.desk.templates else { return Ok(None) };
    let path = desk.config.path(folder).join("pull_request.md");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}
