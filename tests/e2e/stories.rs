//! Stories: what repeats one, what tells more of one, what a site had before, and what other words mean.

use std::time::{Duration, Instant};

use jiff::ToSpan as _;

use crate::harness::forge::FakeForge;
use crate::harness::invent::{News, Numbers};
use crate::harness::model::FakeModel;
use crate::harness::site::copy_of_site;
use crate::harness::web::{FakeWeb, Item, rss};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, page, rows};

/// The feed of a web leads to these pages from now on.
pub(crate) fn tell(web: &FakeWeb, pages: &[(&str, &News)]) {
    let items: Vec<Item> = pages
        .iter()
        .map(|(path, news)| news.item(&web.page(path, "text/html; charset=utf-8", news.page("The Gazette"))))
        .collect();
    web.feed("/feed.xml", rss("The Gazette", &web.url("/"), &items));
}

/// A second paper, as a source of the desk.
pub(crate) fn second(web: &FakeWeb) -> String {
    let host = web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    format!(
        "[[source]]\nname = \"herald\"\nkind = \"feed\"\nurl = \"{}\"\nallow_private = [\"{host}\"]\nevery_minutes = 0\n",
        web.url("/feed.xml")
    )
}

/// Each lead is written about alone, as soon as it is shortlisted.
fn alone(world: &World) {
    let toml = world.desk.read("pipeline.toml").unwrap();
    let toml = toml.replace("alone = 0\n", "alone = 1\nalone_from = 1\ntemplate = \"release\"\ndigest = false\n");
    world.desk.configure(&toml);
}

/// What another paper makes of it: half in the same words, and as much of its own.
fn retold(first: &News, own: &News) -> News {
    let mut retold = own.clone();
    let half = first.paragraphs.len() * 5 / 9;
    retold.paragraphs.truncate(retold.paragraphs.len() * 4 / 9);
    retold.paragraphs.splice(0..0, first.paragraphs[..half].iter().cloned());
    retold.title = format!("What {} {} changes", first.product, first.version);
    retold
}

/// The same in other words: the words of each sentence in another order.
pub(crate) fn reworded(news: &News, title: &str) -> News {
    let mut numbers = Numbers::of(77);
    let mut other = News { title: title.to_owned(), author: "The Herald".into(), ..news.clone() };
    for sentence in other.paragraphs.iter_mut().flatten() {
        let mut words: Vec<&str> = sentence.trim_end_matches('.').split(' ').collect();
        for at in (1..words.len()).rev() {
            words.swap(at, usize::try_from(numbers.between(0, at as u64)).unwrap());
        }
        *sentence = format!("{}.", words.join(" "));
    }
    other
}

/// A post of the site's owner that tells the same as some news.
fn post(news: &News) -> String {
    format!("+++\ntitle = \"{}\"\ndate = 2026-09-01T06:00:00Z\n+++\n\n{}\n", news.title, news.text())
}

fn journal(world: &World, event: &str) -> usize {
    rows(&world.dump(), "journal").iter().filter(|row| row.contains(&format!(" name={event} "))).count()
}

fn counted(world: &World, state: &str) -> usize {
    world.states().get(state).copied().unwrap_or(0)
}

#[test]
fn what_retells_a_post_of_the_site_is_a_duplicate_of_it_and_why_names_the_post() {
    let world = World::new(0, &Spec::default());
    let (old, newer, fresh) = (News::of(900, 300), News::of(902, 300), News::of(904, 300));
    world.site.commit("main", "The Owner", "A post", &[("content/posts/own/index.md", post(&old).as_bytes())]);
    tell(&world.web, &[("/retold", &old), ("/fresh", &fresh)]);
    world.run_to(0);
    assert_eq!((counted(&world, "Duplicate"), counted(&world, "Shortlisted")), (1, 1), "{:?}", world.states());
    let why = world.desk.run(&["why", &world.web.url("/retold")]).ok().stdout;
    assert!(why.contains("the site's own post") && why.contains("content/posts/own/index.md"), "{why}");

    // What the owner writes between two runs is known to the next one.
    world.site.commit("main", "The Owner", "Another", &[("content/posts/next/index.md", post(&newer).as_bytes())]);
    tell(&world.web, &[("/retold-too", &newer)]);
    world.run_to(0);
    assert_eq!(counted(&world, "Duplicate"), 2, "{:?}", world.states());
    world.dump();
}

#[test]
fn a_thousand_posts_are_known_in_seconds_before_anything_is_compared() {
    let world = World::new(0, &Spec::default());
    let posts: Vec<(String, String)> =
        (0..1000).map(|n| (format!("content/posts/own-{n}/index.md"), post(&News::of(2 * n, 120)))).collect();
    let files: Vec<(&str, &[u8])> = posts.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    world.site.commit("main", "The Owner", "Posts", &files);
    tell(&world.web, &[("/retold", &News::of(998, 120))]);
    let began = Instant::now();
    let args = world.args();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(["--until", "deduplicating"]);
    world.desk.run(&args).ok();
    // Of a build without optimisation, on a machine with other work.
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert!(rows(&world.dump(), "posts").len() >= 1000);
    assert_eq!(counted(&world, "Duplicate"), 1, "{:?}", world.states());
}

#[test]
fn other_words_for_the_same_are_one_story_where_an_embedding_model_answers_and_two_where_none_does() {
    let (herald, model) = (FakeWeb::start(), FakeModel::start());
    let news = News::of(41, 400);
    let title = format!("{} {} brings its makers' work to readers", news.product, news.version);
    tell(&herald, &[("/reworded", &reworded(&news, &title))]);
    let embed = format!(
        "[routes]\nembed = [\"meaning\"]\n[[provider]]\nname = \"meaning\"\nbase_url = \"{}\"\nmodel = \"fake-embedder\"\n",
        model.base_url()
    );
    for (models, expected) in [(String::new(), (0, 2)), (embed, (1, 1))] {
        let with = !models.is_empty();
        let world = World::new(0, &Spec { models, sources: second(&herald), ..Spec::default() });
        tell(&world.web, &[("/news", &news)]);
        world.run_to(0);
        let found = (counted(&world, "Duplicate"), counted(&world, "Shortlisted"));
        assert_eq!(found, expected, "with meaning: {with}; {:?}", world.states());
        assert_eq!(model.ledger().count("embedded"), if with { 2 } else { 0 }, "{}", model.ledger());
        world.run_to(0);
        assert_eq!(model.ledger().count("embedded"), if with { 2 } else { 0 }, "a rerun asks nothing twice");
        assert!(model.ledger().repeated("embedded").is_empty(), "{}", model.ledger());
        let dump = world.dump();
        let calls = rows(&dump, "model_calls");
        assert_eq!(calls.iter().filter(|c| c.contains(" task=embed ")).count(), if with { 2 } else { 0 });
    }
}

#[test]
fn an_embedding_model_that_does_not_answer_holds_nothing_up() {
    let spec = Spec {
        desk: "patience_seconds = 20\n".into(),
        models:
            "[routes]\nembed = [\"meaning\"]\n[[provider]]\nname = \"meaning\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                 model = \"fake-embedder\"\n"
                .into(),
        ..Spec::default()
    };
    let world = World::new(0, &spec);
    tell(&world.web, &[("/news", &News::of(41, 300))]);
    world.run();
    assert_eq!(counted(&world, "Shortlisted"), 1, "{:?}", world.states());
}

#[test]
fn a_source_that_changes_while_a_page_waits_for_a_person_has_it_written_again() {
    let mut world = World::new(0, &Spec::default());
    // Without Hugo a person decides.
    world.desk = world.desk.with_env("PIPELINE_HUGO", "/nowhere/hugo");
    alone(&world);
    let first = News::of(61, 500);
    tell(&world.web, &[("/news", &first)]);
    world.run_to(3);
    assert_eq!(counted(&world, "Reviewing"), 1, "{:?}", world.states());

    let mut later = News { date: first.date + 3.hours(), ..first.clone() };
    later.paragraphs[0].insert(0, format!("{} was withdrawn by its makers after a failed upgrade.", first.product));
    tell(&world.web, &[("/news", &later)]);
    world.run_to(3);
    assert_eq!((counted(&world, "Reviewing"), counted(&world, "Duplicate")), (1, 1), "{:?}", world.states());
    assert_eq!(journal(&world, "StoryGrew"), 1);
    assert_eq!(journal(&world, "Drafted"), 2, "it was drafted again");
    let briefs = rows(&world.dump(), "briefs").len();
    assert_eq!(briefs, 2, "from a brief that has grown");

    // Nothing new: nothing is drafted again.
    world.run_to(3);
    assert_eq!((journal(&world, "StoryGrew"), journal(&world, "Drafted")), (1, 2));
}

#[test]
fn another_paper_that_tells_the_same_becomes_evidence_and_a_copy_proves_nothing_more() {
    let (herald, world) = (FakeWeb::start(), World::new(0, &Spec::default()));
    let first = News::of(61, 500);
    let retold = retold(&first, &News::of(63, 500));
    tell(&world.web, &[("/news", &first)]);
    tell(&herald, &[("/retold", &retold), ("/copied", &first.edited())]);
    let toml = world.desk.read("pipeline.toml").unwrap();
    world.desk.configure(&format!("{toml}\n{}", second(&herald)));
    world.desk.run(&["run", "--until", "scoring", "--now", "2026-11-21T06:00:00Z"]).ok();
    assert_eq!((counted(&world, "Duplicate"), counted(&world, "Shortlisted")), (2, 1), "{:?}", world.states());
    let dump = world.dump();
    let members = rows(&dump, "story_members");
    let of = |relation: &str| members.iter().filter(|m| m.contains(&format!(" relation={relation} "))).count();
    assert_eq!((of("same_story"), of("copy")), (1, 1), "{members:#?}");

    // Without Hugo a person decides; the brief stands on the two that are independent.
    let mut world = world;
    world.desk = world.desk.with_env("PIPELINE_HUGO", "/nowhere/hugo");
    alone(&world);
    world.run_to(3);
    let briefs: Vec<String> = rows(&world.dump(), "briefs").iter().map(|r| (*r).to_owned()).collect();
    let [brief] = briefs.as_slice() else { panic!("{briefs:#?}") };
    assert_eq!(brief.matches("\"publisher\":").count(), 2, "{brief}");
}

#[test]
fn more_of_a_story_that_is_proposed_is_written_once_under_the_proposal() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let (herald, forge) = (FakeWeb::start(), FakeForge::with(copy_of_site));
    forge.require_token("forge-token");
    herald.feed("/feed.xml", rss("The Herald", &herald.url("/"), &[]));
    let site = format!(
        "repo = \"{}\"\ncredentials = {{ token = {{ env = \"FORGE_TOKEN\" }} }}\n[site.forge]\napi = \"{}\"\n\
         repo = \"o/r\"\ntoken_env = \"FORGE_TOKEN\"\n",
        forge.git_url(),
        forge.api_url()
    );
    let mut world = World::new(0, &Spec { site, sources: second(&herald), ..Spec::default() });
    world.desk = world.desk.with_env("FORGE_TOKEN", "forge-token");
    alone(&world);
    let first = News::of(61, 700);
    tell(&world.web, &[("/news", &first)]);
    world.run_to(0);
    assert_eq!(counted(&world, "Proposed"), 1, "{:?}", world.states());
    let pushes = forge.pushes().len();

    tell(&herald, &[("/retold", &retold(&first, &News::of(63, 700)))]);
    world.run_to(0);
    assert_eq!((counted(&world, "Proposed"), counted(&world, "Duplicate")), (1, 1), "{:?}", world.states());
    let comments = forge.ledger().of("comment");
    assert_eq!(comments.len(), 1, "{}", forge.ledger());
    let said = comments[0].detail.as_str().unwrap().replace('\u{200b}', "");
    assert!(said.contains(&herald.url("/retold")), "{said}");

    world.run_to(0);
    assert_eq!(forge.ledger().count("comment"), 1, "{}", forge.ledger());
    assert_eq!(forge.pushes().len(), pushes, "the page is left as it is");
}

#[test]
fn a_live_page_whose_source_tells_more_gets_an_update_of_its_own() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let world = World::new(0, &Spec::default());
    alone(&world);
    let first = News::of(61, 700);
    tell(&world.web, &[("/news", &first)]);
    world.run_to(0);
    let branch = world.proposed();
    world.site.merge(&branch, "Merge it", false).unwrap();
    world.site.delete(&branch);
    world.run_to(0);
    assert_eq!(counted(&world, "Live"), 1, "{:?}", world.states());

    let mut later = News::of(63, 700);
    later.title.clone_from(&first.title);
    tell(&world.web, &[("/news", &later)]);
    world.run_to(0);
    let branch = world.proposed();
    let (_, text) = page(&world.site, &branch);
    assert!(text.contains("Update: "), "{text}");
    assert_eq!(rows(&world.dump(), "update_of").len(), 1);
    assert_eq!(counted(&world, "Duplicate"), 0, "{:?}", world.states());
}
