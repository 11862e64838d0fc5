//! What is found on a site, and what would be taken.

use super::*;

fn post(path: &str, url: &str, slug: &str, date: &str) -> Post {
    Post { path: path.into(), url: url.into(), slug: slug.into(), date: date.into(), ..Post::default() }
}

fn site() -> Inventory {
    let old = post("content/posts/2026/old.md", "/blog/old/", "old", "");
    Inventory {
        base_url: Some("https://example.org/".into()),
        posts: vec![Post { aliases: vec!["/ancient/".into(), "older".into()], ..old }],
        files: BTreeSet::from(["/img/a.png".to_owned()]),
        permalinks: BTreeSet::from(["/tags/rust/".to_owned()]),
        ..Inventory::default()
    }
}

fn page(path: &str, front: &str) -> Page {
    Page::parse(path, &format!("---\n{front}\n---\nText.\n")).unwrap()
}

fn with(posts: Vec<Post>) -> Inventory {
    Inventory { base_url: Some("https://example.org/".into()), posts, ..Inventory::default() }
}

#[test]
fn a_new_page_gets_the_address_that_its_neighbours_have() {
    let url = |path: &str| site().url_of(&page(path, "title: x"));
    assert_eq!(url("content/posts/2026/new.md"), "/blog/new/");
    assert_eq!(url("content/posts/2026/old.md"), "/blog/old/");
    assert_eq!(url("content/radar/x/index.md"), "/radar/x/");
    assert_eq!(url("content/radar/_index.md"), "/radar/");
    assert_eq!(url("content/_index.md"), "/");
    let below = Inventory { base_url: Some("https://example.org/blog/".into()), ..Inventory::default() };
    assert_eq!(below.url_of(&page("content/radar/x.md", "title: x")), "/blog/radar/x/");
    assert_eq!(below.url_of(&page("content/radar/x.md", "url: /own/place/")), "/blog/own/place/");
}

#[test]
fn permalinks_with_dates_and_titles_are_read_off_the_neighbours() {
    let dated = with(vec![
        post("content/posts/a.md", "/2026/01/a/", "a", "2026-01-01T08:00:00Z"),
        post("content/posts/b.md", "/2026/03/b/", "b", "2026-03-03T08:00:00Z"),
        post("content/posts/c/index.md", "/2025/12/cee/", "cee", "2025-12-24T08:00:00Z"),
        post("content/posts/own.md", "/somewhere/else/", "else", "2025-12-24T08:00:00Z"),
    ]);
    let new = page("content/posts/new.md", "title: x\ndate: 2026-11-21T06:00:00Z");
    assert_eq!(dated.url_of(&new), "/2026/11/new/");
    let titled = with(
        [("x1", "One way"), ("x2", "Another Way")]
            .map(|(name, title)| {
                let slug = title.to_lowercase().replace(' ', "-");
                let url = format!("/posts/{slug}/");
                Post { title: title.into(), ..post(&format!("content/posts/{name}.md"), &url, &slug, "") }
            })
            .to_vec(),
    );
    assert_eq!(titled.url_of(&page("content/posts/x3.md", "title: A Third Way")), "/posts/a-third-way/");
    assert_eq!(titled.url_of(&page("content/posts/x3.md", "title: Über uns")), "/posts/%C3%BCber-uns/");
    let french =
        with(vec![Post { title: "Été".into(), ..post("content/posts/x.md", "/n/%C3%A9t%C3%A9/", "été", "") }]);
    assert_eq!(french.url_of(&page("content/posts/y.md", "title: Two")), "/n/two/");
}

#[test]
fn ugly_addresses_languages_and_folders_are_read_off_the_neighbours() {
    let ugly = with(vec![post("content/posts/a.md", "/posts/a.html", "a", "")]);
    assert_eq!(ugly.url_of(&page("content/posts/new.md", "title: x")), "/posts/new.html");
    let languages = with(vec![
        post("content/posts/a.md", "/posts/a/", "a", ""),
        post("content/posts/a.de.md", "/de/posts/a/", "a", ""),
    ]);
    assert_eq!(languages.url_of(&page("content/posts/neu.de.md", "title: x")), "/de/posts/neu/");
    assert_eq!(languages.url_of(&page("content/posts/new.md", "title: x")), "/posts/new/");
    assert_eq!(languages.slug_of(&page("content/posts/v1.2.md", "title: x")), "v1.2");
    let bundled = with(vec![
        post("content/posts/a/index.md", "/posts/a/", "a", ""),
        post("content/posts/a/index.de.md", "/de/posts/a/", "a", ""),
    ]);
    assert_eq!(bundled.url_of(&page("content/posts/neu/index.de.md", "title: x")), "/de/posts/neu/");
    let folders = with(vec![
        post("content/en/posts/a.md", "/posts/a/", "a", ""),
        post("content/de/posts/a.md", "/de/posts/a/", "a", ""),
    ]);
    assert_eq!(folders.url_of(&page("content/de/posts/neu/index.md", "title: x")), "/de/posts/neu/");
    let yearly = with(vec![post("content/posts/2025/a.md", "/posts/2025/a/", "a", "2024-01-01T00:00:00Z")]);
    assert_eq!(yearly.url_of(&page("content/posts/2026/b.md", "title: x")), "/posts/2026/b/");
}

#[test]
fn an_address_is_taken_by_a_post_or_an_alias_or_is_made_by_hugo() {
    let taken = |address: &str| site().taken_by(address, "content/posts/2026/new.md");
    assert_eq!(taken("/blog/old/").unwrap(), "content/posts/2026/old.md");
    assert!(taken("/ancient").unwrap().contains("alias"));
    assert!(taken("/blog/older/").unwrap().contains("alias"));
    assert!(taken("/tags/rust/").is_none() && site().makes("/tags/rust") && !site().makes("/tags/"));
    assert_eq!(taken("/blog/new/"), None);
    assert_eq!(
        site().taken_by("/blog/old/", "content/posts/2026/old.md"),
        None,
        "a post does not stand in its own way"
    );
}

#[test]
fn links_are_resolved_as_a_browser_would() {
    let beside = BTreeSet::from(["chart.svg".to_owned()]);
    let to = |link: &str| site().target(link, "/blog/new/", &beside);
    assert_eq!(to("/blog/old"), Target::Own("/blog/old".into()));
    assert_eq!(to("../old/?x=1#part"), Target::Own("/blog/old/".into()));
    assert_eq!(to("https://example.org/ancient/"), Target::Own("/ancient/".into()));
    assert_eq!(to("../older"), Target::Own("/blog/older".into()));
    assert_eq!(to("/img/a.png"), Target::Own("/img/a.png".into()));
    assert_eq!(to("chart.svg"), Target::Own("chart.svg".into()));
    assert_eq!(to("old/"), Target::Missing("/blog/new/old/".into()));
    assert_eq!(to("#top"), Target::Anchor("top".into()));
    assert!(matches!(to("https://other.example/"), Target::Elsewhere(_)));
    for hostile in
        ["javascript:alert(1)", "//evil.example/x", "data:text/html,x", "https://a:b@evil.example/", "\\\\evil", ""]
    {
        assert_eq!(to(hostile), Target::Unsafe, "{hostile}");
    }
}

#[test]
fn below_a_base_path_a_link_needs_the_path_unless_hugo_puts_it_there() {
    let plain = Inventory {
        base_url: Some("https://example.org/blog/".into()),
        files: BTreeSet::from(["/blog/img/a.png".to_owned()]),
        ..Inventory::default()
    };
    let to = |site: &Inventory, link: &str| site.target(link, "/blog/posts/a/", &BTreeSet::new());
    assert_eq!(to(&plain, "/blog/img/a.png"), Target::Own("/blog/img/a.png".into()));
    assert_eq!(to(&plain, "/img/a.png"), Target::Missing("/img/a.png".into()));
    let canonical = Inventory { canonify: true, ..plain };
    assert_eq!(to(&canonical, "/img/a.png"), Target::Own("/blog/img/a.png".into()));
}

#[test]
fn a_link_by_a_files_name_leads_to_its_post_where_the_site_has_it_so() {
    let mut site = with(vec![
        post("content/posts/a.md", "/a/", "a", ""),
        post("content/posts/b/index.md", "/b/", "b", ""),
        post("content/about.md", "/about/", "about", ""),
    ]);
    let named = ["a.md", "./a.md#part", "../posts/a", "/posts/b", "b/index.md", "/about.md?x", "../about"];
    assert!(named.iter().all(|link| !site.names_a_file(link, "content/posts/new.md")));
    site.file_links = true;
    for link in named {
        assert!(site.names_a_file(link, "content/posts/new.md"), "{link}");
    }
    for link in ["c.md", "", "/", "..", "../../../../../etc/passwd", "//a.md", "javascript:a.md", "a.m", "/a.md"] {
        assert!(!site.names_a_file(link, "content/posts/new.md"), "{link}");
    }
}

#[test]
fn a_post_that_is_not_shown_is_taken_and_no_link_leads_to_it() {
    let mut site = with(vec![post("content/posts/later.md", "/posts/later/", "later", "2099-01-01T00:00:00Z")]);
    site.posts[0].hidden = true;
    assert!(!site.has("/posts/later/"));
    assert!(site.taken_by("/posts/later/", "content/posts/new.md").is_some());
}

#[test]
fn short_sentences_have_no_fingerprint() {
    assert_eq!(sentence_prints("Too short to matter.").len(), 0);
    let long = "This one has more than eight words, so it is kept.";
    assert_eq!(sentence_prints(long), sentence_prints(&long.to_uppercase()));
    assert_eq!(sentence_prints(long).len(), 1);
}
