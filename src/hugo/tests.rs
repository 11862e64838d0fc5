//! Hugo itself, where there is one.

use std::time::Duration;

use super::testing::{SITE, hugo, write_all};
use super::*;

const PLENTY: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_site_is_built_and_its_pages_are_listed_where_they_lie() {
    let Some(hugo) = hugo() else { return };
    assert!(hugo.version().await.unwrap().starts_with("0."));
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    write_all(&site, [("content/posts/a/index.md", "---\ntitle: \"One, 'two'\"\ndate: 2026-01-01\n---\nText.\n")]);
    let Addresses { base, canonify, .. } = hugo.addresses(&site).await.unwrap();
    assert_eq!((base.as_str(), canonify), ("https://desk.example/", false));
    let listed = hugo.list(&site).await.unwrap();
    let post = listed.iter().find(|l| l.path == "content/posts/a/index.md").unwrap();
    assert_eq!(post.title, "One, 'two'");
    assert_eq!(post.section, "posts");
    let public = folder.path().join("public");
    hugo.build(&site, &public, PLENTY).await.unwrap();
    let html = std::fs::read_to_string(public.join(post.output_path(&base).unwrap())).unwrap();
    assert!(html.contains("<p>Text.</p>"), "{html}");
}

#[tokio::test]
async fn a_site_that_does_not_build_says_why() {
    let Some(hugo) = hugo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    write_all(&site, [("content/a.md", "---\ntitle: A\n---\n{{< nowhere >}}\n")]);
    let failed = hugo.build(&site, &folder.path().join("public"), PLENTY).await.unwrap_err();
    let HugoError::Failed { message } = failed else { panic!("{failed}") };
    assert!(message.contains("nowhere"), "{message}");
}

#[tokio::test]
async fn a_layout_cannot_fetch_from_the_network() {
    let Some(hugo) = hugo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    let layout = "{{ with try (resources.GetRemote \"https://desk.example/x\") }}{{ with .Err }}{{ errorf \"%s\" . }}{{ end }}{{ end }}";
    write_all(&site, [("layouts/home.html", layout)]);
    let failed = hugo.build(&site, &folder.path().join("public"), PLENTY).await.unwrap_err();
    assert!(failed.to_string().contains("security"), "{failed}");
}

/// A program in the place of Hugo.
fn script(folder: &Path, text: &str) -> Hugo {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join("stand-in");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    Hugo::find(Some(&file)).unwrap()
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_ended_with_all_that_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let hugo = script(folder.path(), "sleep 600 & echo $! > \"$HOME/../child\"; wait");
    // A busy machine may need longer before anything has been started.
    let mut child = String::new();
    for within in [1, 4, 16, 64].map(Duration::from_secs) {
        let ended = hugo.build(folder.path(), &folder.path().join("public"), within).await;
        assert_eq!(ended, Err(HugoError::TimedOut(within)));
        child = std::fs::read_to_string(folder.path().join("child")).unwrap_or_default();
        if !child.trim().is_empty() {
            break;
        }
    }
    assert!(!child.trim().is_empty());
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    // Gone, or ended and not yet collected by whoever inherits it.
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

#[tokio::test]
async fn what_a_build_leaves_running_ends_with_it_and_its_words_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let text = "sleep 600 & echo $! > \"$HOME/../child\"; echo \"WARN  odd\" >&2; test ! -e fail || { echo \"ERROR no\"; exit 3; }";
    let hugo = script(folder.path(), text);
    let build = || async { hugo.build(folder.path(), &folder.path().join("public"), PLENTY).await };
    let gone = || {
        let child = std::fs::read_to_string(folder.path().join("child")).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    assert_eq!(build().await.unwrap().warnings, ["odd"]);
    assert!(gone());
    std::fs::write(folder.path().join("fail"), "").unwrap();
    assert!(build().await.unwrap_err().to_string().contains("ERROR no"));
    assert!(gone());
}

#[tokio::test]
async fn a_build_that_a_signal_ended_says_nothing_about_the_site() {
    let folder = tempfile::tempdir().unwrap();
    for (end, signal) in [("kill -9 $$", 9), ("sh -c 'kill -9 $$'; exit $?", 9), ("kill -15 $$", 15)] {
        let hugo = script(folder.path(), end);
        let ended = hugo.build(folder.path(), &folder.path().join("public"), PLENTY).await;
        assert_eq!(ended, Err(HugoError::Ended(signal)), "{end}");
    }
    let ended = script(folder.path(), "exit 3").build(folder.path(), &folder.path().join("public"), PLENTY).await;
    assert!(matches!(ended, Err(HugoError::Failed { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_build_sees_nothing_of_our_environment_and_a_home_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let hugo = script(folder.path(), "env > \"$HOME/../seen\"");
    hugo.build(folder.path(), &folder.path().join("public"), PLENTY).await.unwrap();
    let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap();
    let names: std::collections::BTreeSet<&str> = seen.lines().filter_map(|l| Some(l.split_once('=')?.0)).collect();
    let known = [
        "PATH",
        "TMPDIR",
        "LANG",
        "HOME",
        "HUGO_CACHEDIR",
        "HUGO_SECURITY_HTTP_URLS",
        "HUGO_SECURITY_EXEC_ALLOW",
        "GOPROXY",
        "GIT_TERMINAL_PROMPT",
        // The shell's own.
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    ];
    assert!(names.contains("HUGO_SECURITY_EXEC_ALLOW"), "{seen}");
    assert!(names.iter().all(|name| known.contains(name)), "{seen}");
    assert_ne!(std::env::var("HOME").ok().as_deref(), seen.lines().find_map(|l| l.strip_prefix("HOME=")));
}

#[tokio::test]
async fn a_command_of_the_sites_own_builds_it_and_its_failure_says_why() {
    let Some(hugo) = hugo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    let build = "#!/bin/sh\nset -e\ntest -f hugo.toml\nmkdir -p \"$2\"\necho \"WARN  odd\" >&2\n\
                 echo \"<p>made by hand from $1\" > \"$2/index.html\"\ntest ! -e fail || { echo \"ERROR no\" >&2; exit 3; }\n";
    write_all(&site, [("build.sh", build)]);
    let words = ["sh", "build.sh", "{source}", "{destination}"].map(str::to_owned).to_vec();
    let hugo = hugo.building(BuildOptions { command: words, ..BuildOptions::default() });
    let public = folder.path().join("public");
    let built = hugo.build(&site, &public, PLENTY).await.unwrap();
    assert_eq!(built.warnings, ["odd"]);
    let html = std::fs::read_to_string(public.join("index.html")).unwrap();
    assert_eq!(html.trim(), format!("<p>made by hand from {}", site.canonicalize().unwrap().display()));
    write_all(&site, [("fail", "")]);
    let failed = hugo.build(&site, &public, PLENTY).await.unwrap_err();
    assert!(failed.to_string().contains("ERROR no"), "{failed}");
    let missing =
        BuildOptions { command: vec!["/nowhere/npm".into(), "{destination}".into()], ..BuildOptions::default() };
    let missing = hugo.building(missing).build(&site, &public, PLENTY).await.unwrap_err();
    assert!(missing.to_string().contains("/nowhere/npm"), "{missing}");
}

#[tokio::test]
async fn hugo_starts_no_other_program_whatever_the_site_allows() {
    let Some(hugo) = hugo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    let allowing = format!("{}\n[security.exec]\nallow = ['.*']\nosEnv = ['.*']\n", SITE[0].1);
    write_all(&site, [("hugo.toml", allowing.as_str()), ("content/a.rst", "---\ntitle: A\n---\nText.\n")]);
    let failed = hugo.build(&site, &folder.path().join("public"), PLENTY).await.unwrap_err().to_string();
    assert!(failed.contains("security.exec.allow") && failed.contains("[site.build]"), "{failed}");
}

#[test]
fn a_configured_path_that_is_no_file_is_an_error_and_not_a_search() {
    let missing = Hugo::find(Some(Path::new("/nowhere/hugo"))).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/hugo"), "{missing}");
}
