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
    let Addresses { base, canonify } = hugo.addresses(&site).await.unwrap();
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

#[tokio::test]
async fn a_build_that_takes_too_long_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let slow = folder.path().join("hugo");
    std::fs::write(&slow, "#!/bin/sh\nexec sleep 60\n").unwrap();
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let hugo = Hugo::find(Some(&slow)).unwrap();
    let within = Duration::from_millis(200);
    let ended = hugo.build(folder.path(), &folder.path().join("public"), within).await;
    assert_eq!(ended, Err(HugoError::TimedOut(within)));
}

#[test]
fn a_configured_path_that_is_no_file_is_an_error_and_not_a_search() {
    let missing = Hugo::find(Some(Path::new("/nowhere/hugo"))).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/hugo"), "{missing}");
}
