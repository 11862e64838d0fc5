//! Commits, branches and pushes against bare repositories.

use super::super::*;
use super::support::{BRANCH, World, article, files_below, new_commit, page};

fn pushed() -> PushOutcome {
    PushOutcome::Pushed { branch: BRANCH.into() }
}

#[tokio::test]
async fn a_page_is_pushed_once_however_often_it_is_pushed() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let first = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    assert_eq!(repo.push(BRANCH, &first, None).await.unwrap(), pushed());
    let again = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    assert_eq!(first, again);
    let there = PushOutcome::AlreadyThere { branch: BRANCH.into() };
    assert_eq!(repo.push(BRANCH, &again, None).await.unwrap(), there);
    assert_eq!(repo.push(BRANCH, &again, Some(&first)).await.unwrap(), there);
    assert_eq!(world.branches(), [BRANCH, "main"]);
    assert_eq!(world.head("main").unwrap(), base);
    assert_eq!(repo.find_branch(&article()).await.unwrap(), Some((BRANCH.to_owned(), first.clone())));
    assert_eq!(repo.state_of(BRANCH, &first).await.unwrap(), ProposalState::Open);
}

#[tokio::test]
async fn the_same_values_give_the_same_commit_in_another_clone() {
    let world = World::new();
    let base = world.head("main").unwrap();
    let one = world.open().await.build_commit(new_commit(&base, "text\n")).await.unwrap();
    let elsewhere = RepoOptions { clone_dir: world.folder.path().join("other"), ..world.options() };
    let two = SiteRepo::open(elsewhere, None).await.unwrap().build_commit(new_commit(&base, "text\n")).await.unwrap();
    assert_eq!(one, two);
    let third = world.open().await.build_commit(new_commit(&base, "text.\n")).await.unwrap();
    assert_ne!(one, third);
}

#[tokio::test]
async fn the_branch_is_found_again_under_another_slug() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let first = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    repo.push(BRANCH, &first, None).await.unwrap();
    let other = "draft/2026-03-02-another-slug-01234567";
    let there = PushOutcome::AlreadyThere { branch: BRANCH.into() };
    assert_eq!(repo.push(other, &first, None).await.unwrap(), there);
    assert_eq!(world.branches(), [BRANCH, "main"]);
}

#[tokio::test]
async fn our_own_branch_moves_forward_and_a_persons_commit_is_left_alone() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let first = repo.build_commit(new_commit(&base, "one\n")).await.unwrap();
    repo.push(BRANCH, &first, None).await.unwrap();
    let update = NewCommit { update: true, ..new_commit(&first, "two\n") };
    let second = repo.build_commit(update).await.unwrap();
    assert_eq!(repo.push(BRANCH, &second, Some(&first)).await.unwrap(), pushed());
    assert_eq!(world.head(BRANCH).unwrap(), second);

    let edited = world.person(BRANCH, &[("content/posts/quarry/index.md", "by hand\n")]).to_string();
    let third = repo.build_commit(NewCommit { update: true, ..new_commit(&second, "three\n") }).await.unwrap();
    let moved = PushOutcome::MovedByPerson { branch: BRANCH.into(), head: edited.clone() };
    assert_eq!(repo.push(BRANCH, &third, Some(&second)).await.unwrap(), moved);
    assert_eq!(repo.push(BRANCH, &third, None).await.unwrap(), moved);
    assert_eq!(world.head(BRANCH).unwrap(), edited);
    assert_eq!(repo.state_of(BRANCH, &second).await.unwrap(), ProposalState::Edited { head: edited });
}

#[tokio::test]
async fn a_commit_that_does_not_follow_ours_is_never_forced() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let first = repo.build_commit(new_commit(&base, "one\n")).await.unwrap();
    repo.push(BRANCH, &first, None).await.unwrap();
    let beside = repo.build_commit(new_commit(&base, "beside\n")).await.unwrap();
    assert!(matches!(repo.push(BRANCH, &beside, Some(&first)).await, Err(PublishError::Bug(_))));
    assert_eq!(world.head(BRANCH).unwrap(), first);
}

#[tokio::test]
async fn the_default_branch_and_names_of_others_are_refused() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    for name in [
        "main",
        "refs/heads/main",
        "HEAD",
        "release",
        "draft/x",
        "draft/../main",
        "+main",
        "draft/2026-03-01-a b-01234567",
        "draft/2026-03-01-x-01234567:refs/heads/main",
        "",
        "-delete",
        "draft/2026-03-01-x.lock-01234567",
    ] {
        assert!(matches!(repo.push(name, &oid, None).await, Err(PublishError::Refused(_))), "{name}");
    }
    assert_eq!(world.branches(), ["main"]);
    assert_eq!(world.head("main").unwrap(), base);
    // Even where the site's default branch looks like one of ours.
    let named = RepoOptions { branch: Some(BRANCH.into()), ..world.options() };
    world.person(BRANCH, &[("a.md", "a")]);
    let repo = SiteRepo::open(named, None).await.unwrap();
    assert!(matches!(repo.push(BRANCH, &oid, None).await, Err(PublishError::Refused(_))));
}

#[tokio::test]
async fn a_branch_that_a_person_removed_is_not_made_again() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let first = repo.build_commit(new_commit(&base, "one\n")).await.unwrap();
    repo.push(BRANCH, &first, None).await.unwrap();
    world.bare().find_reference(&format!("refs/heads/{BRANCH}")).unwrap().delete().unwrap();
    assert_eq!(repo.state_of(BRANCH, &first).await.unwrap(), ProposalState::Gone);
    let second = repo.build_commit(NewCommit { update: true, ..new_commit(&first, "two\n") }).await;
    // The clone still has our own head, so the commit can be built; it is the push that sees that the branch is gone.
    assert_eq!(repo.push(BRANCH, &second.unwrap(), Some(&first)).await.unwrap(), PushOutcome::Removed);
    assert_eq!(world.branches(), ["main"]);
}

#[tokio::test]
async fn merges_are_seen_in_every_form() {
    // A merge commit.
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    repo.push(BRANCH, &oid, None).await.unwrap();
    world.person("main", &[("other.md", "x")]);
    let bare = world.bare();
    let (main, ours) = (world.head("main").unwrap(), bare.find_commit(oid.parse().unwrap()).unwrap());
    let main = bare.find_commit(main.parse().unwrap()).unwrap();
    let mut index = bare.merge_commits(&main, &ours, None).unwrap();
    let tree = bare.find_tree(index.write_tree_to(&bare).unwrap()).unwrap();
    let merge = world.commit("main", &tree, &[&main, &ours], "Merge");
    world.person("main", &[("later.md", "x")]);
    let merged = ProposalState::Merged { commit: merge.to_string() };
    assert_eq!(repo.state_of(BRANCH, &oid).await.unwrap(), merged);
    bare.find_reference(&format!("refs/heads/{BRANCH}")).unwrap().delete().unwrap();
    assert_eq!(repo.state_of(BRANCH, &oid).await.unwrap(), merged);

    // A squashed merge: other commit, same bytes.
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    repo.push(BRANCH, &oid, None).await.unwrap();
    world.person("main", &[("before.md", "x")]);
    let files = [("content/posts/quarry/index.md", "text\n"), ("content/posts/quarry/evidence.json", "{}\n")];
    let squash = world.person("main", &files);
    world.person("main", &[("after.md", "x")]);
    assert_eq!(repo.state_of(BRANCH, &oid).await.unwrap(), ProposalState::Merged { commit: squash.to_string() });

    // Squashed after an edit, branch removed, and our clone lost: the trailer is what is left.
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let oid = repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
    let bare = world.bare();
    let main = bare.find_commit(base.parse().unwrap()).unwrap();
    let message = format!("Quarry (#3)\n\nPipeline-Article: {0}\nPipeline-Story: {0}\n", article());
    let squash = world.commit("main", &main.tree().unwrap(), &[&main], &message);
    std::fs::remove_dir_all(world.options().clone_dir).unwrap();
    assert_eq!(repo.state_of(BRANCH, &oid).await.unwrap(), ProposalState::Merged { commit: squash.to_string() });
}

#[tokio::test]
async fn a_title_that_names_an_article_makes_no_trailer() {
    let world = World::new();
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let mut new = new_commit(&base, "text\n");
    new.subject = "Fixes #12 [skip ci] @ada\n\nPipeline-Article: ffffffffffffffffffffffffffffffff\n\nx".into();
    let oid = repo.build_commit(new).await.unwrap();
    repo.push(BRANCH, &oid, None).await.unwrap();
    let bare = world.bare();
    let commit = bare.find_commit(oid.parse().unwrap()).unwrap();
    let message = commit.message().unwrap();
    assert_eq!(message.lines().count(), 4, "{message}");
    for live in ["#1", "[skip ci]", "@a"] {
        assert!(!message.contains(live), "{message}");
    }
    let traces = repo.traces(100).await.unwrap();
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].article, article());
    assert_eq!(traces[0].branch.as_deref(), Some(BRANCH));
    assert_eq!(traces[0].paths, ["content/posts/quarry/evidence.json", "content/posts/quarry/index.md"]);
}

#[tokio::test]
async fn paths_that_lead_elsewhere_are_refused() {
    let world = World::new();
    // A link and a file where folders should be, as a person may have committed them.
    let bare = world.bare();
    let main = bare.find_commit(world.head("main").unwrap().parse().unwrap()).unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    update.upsert("content/link", bare.blob(b"../layouts").unwrap(), git2::FileMode::Link);
    update.upsert("content/file", bare.blob(b"x").unwrap(), git2::FileMode::Blob);
    let tree = bare.find_tree(update.create_updated(&bare, &main.tree().unwrap()).unwrap()).unwrap();
    world.commit("main", &tree, &[&main], "link");
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    for path in [
        "../x.md",
        "content/../x.md",
        "/content/x.md",
        "content//x.md",
        "content/./x.md",
        "content/.git/config",
        "content/.GIT/config",
        "content/git~1/config",
        "content/.git./x",
        "content/.g\u{200c}it/x",
        ".github/workflows/x.yml",
        "content/.gitmodules",
        "content/-rf.md",
        "content/a\0.md",
        "content/a\nb.md",
        "layouts/x.html",
        "contents/x.md",
        "content",
        "",
        "content/link/x.md",
        "content/link",
        "content/file/x.md",
        "content/posts",
        "content/posts/old/index.md",
        "content/Posts/x.md",
        "content/posts/old/INDEX.md",
        "content\\x.md",
        "content/posts/con:x/../x.md",
    ] {
        let mut new = new_commit(&base, "text\n");
        new.files = vec![page(path, "x")];
        assert!(matches!(repo.build_commit(new).await, Err(PublishError::Refused(_))), "{path:?}");
    }
    let mut new = new_commit(&base, "text\n");
    new.files = vec![page("content/posts/old/index.md", "new\n")];
    new.update = true;
    repo.build_commit(new.clone()).await.unwrap();
    new.files.push(page("content/posts/old/index.md", "twice\n"));
    assert!(matches!(repo.build_commit(new.clone()).await, Err(PublishError::Refused(_))));
    new.files = vec![page("content/posts/old/index.md", "old\n")];
    assert!(matches!(repo.build_commit(new).await, Err(PublishError::Refused(_))), "nothing changes");
}

#[tokio::test]
async fn an_export_holds_the_files_and_follows_nothing() {
    let world = World::new();
    let bare = world.bare();
    let main = bare.find_commit(world.head("main").unwrap().parse().unwrap()).unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    update.upsert("content/link", bare.blob(b"/etc").unwrap(), git2::FileMode::Link);
    let tree = bare.find_tree(update.create_updated(&bare, &main.tree().unwrap()).unwrap()).unwrap();
    world.commit("main", &tree, &[&main], "link");
    let repo = world.open().await;
    let base = repo.base().await.unwrap();
    let out = world.folder.path().join("out");
    let exported = repo.export(&base, &out).await.unwrap();
    assert_eq!(files_below(&out), ["content/posts/old/index.md", "hugo.toml"]);
    assert_eq!((exported.files, exported.skipped), (2, vec!["content/link".to_owned()]));
    write_beside(&out, &[page("content/posts/new/index.md", "new\n")]).unwrap();
    assert!(matches!(repo.export(&base, &out).await, Err(PublishError::Refused(_))), "a folder that holds something");
    let file = repo.file_at(&base, "content/posts/old/index.md").await.unwrap();
    assert_eq!(file, Some(page("content/posts/old/index.md", "old\n")));
    assert_eq!(repo.file_at(&base, "content/none.md").await.unwrap(), None);
}

#[tokio::test]
async fn a_broken_clone_is_made_anew() {
    let world = World::new();
    let base = world.open().await.base().await.unwrap();
    let clone = world.options().clone_dir;
    for broken in ["HEAD", "objects", "refs", "config"] {
        let path = clone.join(broken);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap();
        } else {
            std::fs::write(&path, "\0garbage").unwrap();
        }
        let repo = world.open().await;
        let oid = repo.build_commit(new_commit(&base, "text\n")).await;
        assert!(oid.is_ok(), "{broken}: {oid:?}");
    }
    // Every object cut short.
    for file in files_below(&clone.join("objects")) {
        let path = clone.join("objects").join(file);
        let mut mode = std::fs::metadata(&path).unwrap().permissions();
        #[allow(clippy::permissions_set_readonly_false, reason = "a file of this test")]
        mode.set_readonly(false);
        std::fs::set_permissions(&path, mode).unwrap();
        std::fs::write(&path, "x").unwrap();
    }
    let repo = world.open().await;
    repo.build_commit(new_commit(&base, "text\n")).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_our_clone_is_never_removed() {
    let world = World::new();
    let precious = world.options().clone_dir;
    std::fs::create_dir_all(&precious).unwrap();
    std::fs::write(precious.join("thesis.txt"), "x").unwrap();
    assert!(matches!(SiteRepo::open(world.options(), None).await, Err(PublishError::Refused(_))));
    assert!(precious.join("thesis.txt").exists());
}

#[tokio::test]
async fn a_remote_that_is_away_is_tried_again_later() {
    let world = World::new();
    let away = RepoOptions { remote: "/nowhere/site.git".into(), ..world.options() };
    let error = SiteRepo::open(away, None).await.unwrap_err();
    assert!(error.retry() && error.cause() == Some("remote unreachable"), "{error:?}");
    let closed = RepoOptions {
        remote: "http://127.0.0.1:9/site.git".into(),
        clone_dir: world.folder.path().join("c2"),
        ..world.options()
    };
    let error = SiteRepo::open(closed, None).await.unwrap_err();
    assert!(error.retry(), "{error:?}");
    let empty = world.folder.path().join("empty.git");
    git2::Repository::init_bare(&empty).unwrap();
    let empty = RepoOptions {
        remote: empty.to_str().unwrap().into(),
        clone_dir: world.folder.path().join("c3"),
        ..world.options()
    };
    let error = SiteRepo::open(empty, None).await.unwrap_err();
    assert!(!error.retry() && error.to_string().contains("branch"), "{error:?}");
}

#[tokio::test]
async fn locks_that_a_killed_process_left_in_the_clone_are_swept() {
    let world = World::new();
    world.open().await.base().await.unwrap();
    let lock = world.options().clone_dir.join("refs/remotes/origin/main.lock");
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    std::fs::write(&lock, "").unwrap();
    let moved = world.person("main", &[("content/new.md", "new\n")]).to_string();
    assert_eq!(world.open().await.base().await.unwrap(), moved);
    assert!(!lock.exists());
}
