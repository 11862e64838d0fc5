//! Sources and their manners, through whole runs: floods, gone feeds, slow hosts, rests, and what people do about them.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use crate::harness::desk::Output;
use crate::harness::invent::News;
use crate::harness::web::{Item, Route, http_date, rss};
use crate::world::{Spec, World, unhurt};

const START: &str = "2026-11-21T06:00:00Z";

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn host(world: &World) -> String {
    world.web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn source(world: &World, name: &str, path: &str) -> String {
    let (url, host) = (world.web.url(path), host(world));
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"feed\"\nurl = \"{url}\"\nallow_private = [\"{host}\"]\nevery_minutes = 60\n"
    )
}

/// Discovers at a time, and goes no further than reading.
fn discover(world: &World, at: Timestamp) -> (Output, Value) {
    let output = world.desk.run(&["run", "--json", "--until", "fetching", "--now", &at.to_string()]);
    unhurt(&output);
    let report = output.json();
    (output, report)
}

fn listed(world: &World, at: Timestamp, name: &str) -> Value {
    let all = world.desk.run(&["sources", "--json", "--now", &at.to_string()]).ok().json();
    let found = all.as_array().unwrap().iter().find(|s| s["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {all}")).clone()
}

/// A world whose only sources are these, since its own feed would be in the way.
fn world_of(spec: impl Fn(&World) -> Spec) -> World {
    let world = World::new(0, &Spec::default());
    world.configure(&spec(&world));
    world
}

/// Row 33 of the reliability table, in the hands of one feed: 10,000 entries whose ids, titles and addresses change, dated 1970
/// and 2099.
#[test]
fn a_poisoned_feed_begins_no_more_than_a_run_takes_on_and_nothing_twice() {
    let poison = |world: &World, round: usize| {
        let item = |n: usize| {
            let date = if n.is_multiple_of(2) { "1970-01-01T00:00:00Z" } else { "2099-01-01T00:00:00Z" };
            // Half of the addresses stay and change their titles; the other half is new in each round.
            let path = if n % 4 < 2 { format!("/poison/{n}") } else { format!("/poison/{round}-{n}") };
            let url = world.web.url(&path);
            Item { title: format!("{n} in round {round}"), url, date: date.parse().unwrap(), text: "News".into() }
        };
        let items: Vec<Item> = (0..10_000).map(item).collect();
        let xml = rss("Poison", &world.web.url("/"), &items).replace("isPermaLink=\"true\"", &format!("n=\"{round}\""));
        world.web.feed("/poison.xml", xml);
    };
    let world = world_of(|world| Spec {
        site: "max_new = 20\nfirst_poll = 12\n".into(),
        sources: source(world, "poison", "/poison.xml"),
        ..Spec::default()
    });
    for (round, most) in [(0, 12), (1, 20), (2, 20)] {
        poison(&world, round);
        let (_, report) = discover(&world, start() + (round as i64 * 2).hours());
        let found = &report["discovered"];
        let begun = found["new"].as_u64().unwrap() + found["changed"].as_u64().unwrap();
        assert!(begun > 0 && begun <= most, "round {round}: {report}");
        assert!(found["known"].as_u64().unwrap() > 100, "what is beyond is known: {report}");
    }
    let pages: Vec<(String, usize)> =
        world.web.ledger().tally("get").into_iter().filter(|(path, _)| path.starts_with("/poison/")).collect();
    assert!(pages.len() <= 52, "{} pages were asked for", pages.len());
    // Each is known once, under a reason; the site's own check of the journals holds.
    let dump = world.dump();
    let rows = crate::world::rows(&dump, "articles");
    let origins: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.split_once(" origin=").unwrap().1.split(' ').next().unwrap()).collect();
    assert_eq!(origins.len(), rows.len());
    let why = world.desk.run(&["articles", "--state", "Skipped", "--most", "5000"]).ok().stdout;
    assert!(why.contains("found beyond what a run takes on") && why.contains("before the first poll"), "{why}");
}

#[test]
fn a_first_import_of_150_feeds_makes_no_flood_and_each_gets_a_word() {
    let world = World::new(0, &Spec::default());
    let mut opml = String::from("<?xml version=\"1.0\"?><opml version=\"2.0\"><head/><body><outline text=\"All\">\n");
    for n in 0..150 {
        let items: Vec<Item> = (0..10)
            .map(|k| Item {
                title: format!("Story {k} of feed {n}"),
                url: world.web.url(&format!("/f{n}/{k}")),
                date: start() - (k * 5 + 1).hours(),
                text: "News".into(),
            })
            .collect();
        let url = world.web.feed(&format!("/f{n}.xml"), rss(&format!("Feed {n}"), &world.web.url("/"), &items));
        opml.push_str(&format!("<outline type=\"rss\" text=\"Feed &quot;{n}&quot;\" xmlUrl=\"{url}\"/>\n"));
    }
    opml.push_str("</outline></body></opml>");
    world.desk.write("feeds.opml", &opml);
    let door = format!("[desk.door]\nallow_private = [\"{}\"]\n", host(&world));
    world.configure(&Spec { desk: door, site: "max_new = 200\n".into(), ..Spec::default() });

    let shown = world.desk.run(&["sources", "import", "feeds.opml"]).ok();
    assert_eq!(shown.stdout.matches("[[source]]").count(), 150);
    assert!(world.desk.run(&["sources", "import", "feeds.opml", "--write"]).ok().stdout.starts_with("150 sources"));
    let again = world.desk.run(&["sources", "import", "feeds.opml", "--write"]).ok();
    assert!(
        again.stderr.contains("is the source `feed-7` already") && again.stderr.contains("no source is new"),
        "{again}"
    );

    let (output, report) = discover(&world, start());
    let found = &report["discovered"];
    assert_eq!((found["new"].as_u64(), found["known"].as_u64()), (Some(150), Some(1350)), "{output}");
    for n in [0, 75, 149] {
        let leads = listed(&world, start(), &format!("feed-{n}"))["leads"].clone();
        assert_eq!(leads["Skipped"], 9, "{leads}");
        assert_eq!(world.web.count(&format!("/f{n}/0")), 1, "the newest of each is read");
    }
    assert_eq!(world.web.count("/robots.txt"), 1);
    // A month later everything is asked once, conditionally, and nothing that is old is news.
    let (_, report) = discover(&world, start() + (24 * 31).hours());
    assert_eq!((&report["discovered"]["new"], &report["discovered"]["known"]), (&Value::from(0), &Value::from(0)));
    let polls: Vec<_> = world.web.ledger().of("get").into_iter().filter(|e| e.key == "/f3.xml").collect();
    assert_eq!(polls.iter().map(|e| e.detail["status"].as_u64().unwrap()).collect::<Vec<_>>(), [200, 304]);
}

#[test]
fn a_source_that_is_gone_is_retired_with_one_alert_until_a_person_or_the_configuration_says_otherwise() {
    let world = world_of(|world| Spec {
        sources: source(world, "gone", "/gone.xml") + &source(world, "missing", "/missing.xml"),
        ..Spec::default()
    });
    world.web.status("/gone.xml", 410, &[]);
    let mut alerts = 0;
    for day in 0..34_i64 {
        let at = (start() + (24 * day + 1).hours()).to_string();
        let output = world.desk.run(&["run", "--until", "fetching", "--now", &at]);
        unhurt(&output);
        alerts += output.stderr.matches("is not asked any more").count();
    }
    assert_eq!(alerts, 2, "one alert for each");
    let after = start() + (24 * 34).hours();
    for name in ["gone", "missing"] {
        let line = listed(&world, after, name);
        assert_eq!((&line["health"], &line["next_at"]), (&Value::from("retired"), &Value::Null), "{line}");
    }
    assert_eq!(world.web.count("/gone.xml"), 1, "410 is believed at once");
    let missing = world.web.count("/missing.xml");
    assert!((10..=33).contains(&missing), "404 is believed after a month: {missing}");

    // It is back, and a person says so.
    let news = News::of(5, 500);
    let item = news.item(&world.web.page("/back", "text/html; charset=utf-8", news.page("The Gazette")));
    world.web.feed("/gone.xml", rss("Back", &world.web.url("/"), &[Item { date: after, ..item }]));
    discover(&world, after);
    assert_eq!(world.web.count("/gone.xml"), 1);
    world.desk.run(&["sources", "retry", "gone"]).ok();
    let (_, report) = discover(&world, after + 1.hours());
    assert_eq!(report["discovered"]["new"], 1, "{report}");
    assert_eq!(listed(&world, after + 1.hours(), "gone")["health"], "ok");
    // Another address in the configuration is another source.
    let mended = source(&world, "gone", "/gone.xml") + &source(&world, "missing", "/found.xml");
    world.web.feed("/found.xml", rss("Found", &world.web.url("/"), &[]));
    world.configure(&Spec { sources: mended, ..Spec::default() });
    discover(&world, after + 2.hours());
    assert_eq!(world.web.count("/found.xml"), 1);
}

#[test]
fn a_source_that_hangs_holds_up_no_other() {
    let world = world_of(|world| Spec {
        desk: "[desk.door]\ntimeout_seconds = 12\n".into(),
        // `localhost` is a host of its own: one connection at a time does not make the others wait.
        sources: source(world, "hanging", "/hang.xml").replace("127.0.0.1", "localhost")
            + &(0..5).map(|n| source(world, &format!("s{n}"), &format!("/s{n}.xml"))).collect::<String>(),
        ..Spec::default()
    });
    world.web.put("/hang.xml", Route::of("application/xml", "x").slow(Duration::from_secs(60)));
    for n in 0..5 {
        world.web.feed(&format!("/s{n}.xml"), rss("S", &world.web.url("/"), &[]));
    }
    let began = Instant::now();
    let mut running = world.desk.spawn(&["run", "--until", "fetching", "--now", START]);
    for n in 0..5 {
        assert!(running.wait_for(&format!("source s{n}: "), Duration::from_secs(30)), "s{n} is recorded");
    }
    let others = began.elapsed();
    let output = running.wait();
    assert!(output.stderr.contains("source hanging: "), "{output}");
    assert!(
        began.elapsed() > others + Duration::from_secs(4),
        "the others were recorded while it hung: {others:?}\n{output}"
    );
}

#[test]
fn a_host_that_is_asked_too_often_is_left_alone_by_the_next_run_too() {
    let world = world_of(|world| Spec { sources: source(world, "busy", "/busy.xml"), ..Spec::default() });
    let news = News::of(7, 500);
    let url = world.web.status("/article", 429, &[("retry-after", "7200"), ("date", &http_date(start()))]);
    let item = news.item(&url);
    // Whichever is asked first.
    let other = world.web.status("/other", 429, &[("retry-after", "7200"), ("date", &http_date(start()))]);
    let other = Item { url: other, ..news.item(&url) };
    let dated = |item: Item| Item { date: start() - 1.hours(), ..item };
    world.web.feed("/busy.xml", rss("Busy", &world.web.url("/"), &[dated(other), dated(item)]));
    let (output, _) = discover(&world, start());
    assert_eq!(output.code, Some(75), "{output}");
    let asked = || world.web.count("/article") + world.web.count("/other");
    assert_eq!(asked(), 1, "the other page of the host waits too: {}", world.web.ledger());
    let status = world.desk.run(&["status"]).ok().stdout;
    assert!(status.contains(&format!("Held under “host: {}”", host(&world))), "{status}");
    discover(&world, start() + 119.minutes());
    assert_eq!(asked(), 1);
    world.web.page("/article", "text/html; charset=utf-8", news.page("The Gazette"));
    world.web.page("/other", "text/html; charset=utf-8", News::of(8, 500).page("The Gazette"));
    discover(&world, start() + 155.minutes());
    assert_eq!(asked(), 3, "{}", world.web.ledger());
}

#[test]
fn people_mute_look_and_remove() {
    let world = World::new(3, &Spec::default());
    let at = |hours: i64| start() + hours.hours();
    discover(&world, at(0));
    let polls = || world.web.count("/feed.xml");
    assert_eq!(polls(), 1);
    let said = world.desk.run(&["sources", "mute", "gazette"]).ok().stdout;
    assert!(said.contains("gazette is muted") && said.contains("its leads in work go on (3 "), "{said}");
    assert_eq!(world.desk.run(&["sources", "mute", "gazette"]).code, Some(2));
    assert_eq!(world.desk.run(&["sources", "mute", "nobody"]).code, Some(2));
    let retried = world.desk.run(&["sources", "retry", "gazette"]);
    assert!(retried.code == Some(2) && retried.stderr.contains("`pipeline sources unmute gazette` first"), "{retried}");
    discover(&world, at(1));
    assert_eq!((polls(), listed(&world, at(1), "gazette")["health"].as_str()), (1, Some("muted")));
    world.desk.run(&["sources", "unmute", "gazette"]).ok();
    discover(&world, at(2));
    assert_eq!(polls(), 2);

    let feed = world.desk.run(&["sources", "test", &world.web.url("/feed.xml"), "--allow-private", &host(&world)]).ok();
    assert!(feed.stdout.starts_with("A feed at http://") && feed.stdout.contains(": 3 entries"), "{feed}");
    let page = world.desk.run(&["sources", "test", &world.web.url("/news/0"), "--allow-private", &host(&world)]).ok();
    assert!(page.stdout.contains("As a page, ") && page.stdout.contains("No feed: "), "{page}");
    assert!(page.stdout.contains("The page names no feed.") && page.stdout.contains("Images in its text: "), "{page}");
    let refused = world.desk.run(&["sources", "test", &world.web.url("/feed.xml")]);
    assert!(refused.code == Some(1) && refused.stderr.contains("refused"), "{refused}");
    assert!(refused.stderr.contains(&format!("`--allow-private {}`", host(&world))), "{refused}");
    assert_eq!(world.desk.run(&["sources", "test", "nonsense"]).code, Some(2));
    let empty = world.web.page("/empty", "text/html; charset=utf-8", "<html><body><p>Hi</p></body></html>");
    let empty = world.desk.run(&["sources", "test", &empty, "--allow-private", &host(&world)]);
    assert!(empty.code == Some(1) && empty.stdout.contains("As a page: refused: "), "{empty}");

    let table = world.desk.run(&["sources", "--now", &at(2).to_string()]).ok().stdout;
    assert!(table.lines().nth(1).is_some_and(|line| line.contains("gazette") && line.contains(" ok ")), "{table}");
    let said = world.desk.run(&["sources", "remove", "gazette"]).ok().stdout;
    assert!(said.contains("take its [[source]] out of pipeline.toml"), "{said}");
    discover(&world, at(30));
    assert_eq!(polls(), 3, "{said}");
}

#[test]
fn a_page_is_tried_with_its_feeds_to_copy_and_its_images() {
    let world = World::new(1, &Spec::default());
    let head = "<link rel=alternate type='application/rss+xml' title='The &quot;Daily&quot;' href='/daily.xml'>\
        <link rel=alternate type='application/atom+xml' href='/atom.xml'>\
        <link rel=alternate type='application/rss+xml' title=Known href='/feed.xml'>";
    let images: String = (0..7).map(|n| format!("<p><img src='/i/{n}.png' alt='Chart {n}'></p>")).collect();
    let text =
        "<p>The gazette says, in a long sentence with commas, what it measured and how it was done.</p>".repeat(12);
    let page = format!(
        "<html><head><title>Front</title>{head}</head><body><article>{text}{images}{text}</article></body></html>"
    );
    let url = world.web.page("/front", "text/html; charset=utf-8", page);
    let run = |more: &[&str]| {
        let local = host(&world);
        let all = ["sources", "test", &url, "--allow-private", &local].into_iter().chain(more.iter().copied());
        world.desk.run(&all.collect::<Vec<_>>()).ok().stdout
    };
    let said = run(&[]);
    assert!(said.contains("Feeds that the page names: 3"), "{said}");
    let daily = world.web.url("/daily.xml");
    assert!(said.lines().any(|l| l.contains("Daily") && l.contains(" rss ") && l.ends_with(&daily)), "{said}");
    assert!(said.contains("name = \"the-daily\"\nkind = \"feed\"\n"), "{said}");
    assert_eq!(said.matches("[[source]]").count(), 2, "one is a source already: {said}");
    assert!(said.contains("Images in its text: 7") && said.contains("Chart 4") && !said.contains("Chart 5"), "{said}");

    let all: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!(all["page"]["images"].as_array().map(Vec::len), Some(7), "{all}");
    assert_eq!(all["page"]["images"][6], serde_json::json!({"url": world.web.url("/i/6.png"), "alt": "Chart 6"}));
    assert_eq!(all["feeds"][1]["form"], "atom", "{all}");
    // What is to be copied is what the configuration takes.
    let world = world_of(|world| Spec {
        sources: source(world, "first", "/first.xml") + all["sources"].as_str().unwrap(),
        ..Spec::default()
    });
    assert_eq!(listed(&world, start(), "the-daily")["url"], daily.as_str());
}
