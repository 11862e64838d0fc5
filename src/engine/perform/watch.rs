//! Watching: what became of a proposal, and whether a merged page answers.

use states::state::Proposal;

use super::super::desk::Desk;
use super::super::ground::publish_outcome;
use super::super::outcome::{Done, Outcome};
use crate::publish::{ForgeState, ProposalState};
use crate::store::ArticleRow;
use sources::Conditional;

/// Looks what became of a proposal: at the forge where there is one, else in the repository.
pub(super) async fn proposal(desk: &Desk, article: &ArticleRow, proposal: &Proposal) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let trouble = |e| publish_outcome(site, &e);
    let not_yet = Outcome::NotYet { after: site.timers().watch_proposal };
    let merged = |commit: String| Done::Merged { commit, url: live_url(site, article) };
    if let (Some(Ok(forge)), Some(number)) = (desk.forges.get(&site.name), proposal.number) {
        let state = desk.heard("proposal", &format!("{} {number}", site.name), forge.state(number)).await;
        return Ok(match state.map_err(trouble)? {
            ForgeState::Open { .. } => not_yet,
            ForgeState::Merged { commit } => Outcome::done(merged(commit.unwrap_or_else(|| proposal.head.clone()))),
            ForgeState::Closed => Outcome::done(Done::Closed("the pull request was closed without merging".into())),
        });
    }
    let repo = desk.repo(site).await.map_err(trouble)?;
    let state = desk.heard("branch", &proposal.branch, repo.state_of(&proposal.branch, &proposal.head)).await;
    Ok(match state.map_err(trouble)? {
        ProposalState::Open | ProposalState::Edited { .. } => not_yet,
        ProposalState::Merged { commit } => Outcome::done(merged(commit)),
        ProposalState::Gone => Outcome::done(Done::Closed("its branch was removed without merging".into())),
    })
}

fn live_url(site: &crate::config::Site, article: &ArticleRow) -> Option<String> {
    let root = site.live_url.as_ref()?;
    let piece = match &article.state {
        states::state::State::Proposed { piece, .. } => piece,
        _ => return None,
    };
    Some(format!("{}/{}/{}/", root.trim_end_matches('/'), site.page.section, piece.page.slug))
}

/// Looks whether a merged page answers.
pub(super) async fn live(desk: &Desk, article: &ArticleRow, url: &str) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let host = url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned));
    let allow: Vec<String> = host.into_iter().collect();
    let seen = desk.web.door().get(url, &Conditional::default(), &allow).await.is_ok_and(|r| r.status == 200);
    Ok(if seen { Outcome::done(Done::LiveSeen) } else { Outcome::NotYet { after: site.timers().watch_live } })
}
