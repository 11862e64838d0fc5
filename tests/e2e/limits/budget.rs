//! Caps that hold whatever happens: death in the middle of the call that fills them.

use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::{BUILTIN, Limited, OR_BUILTIN};

const ONE_BY_ONE: &str = "patience_seconds = 5\nlimits = { score = 1 }\n";
const ROUTES: [&str; 3] = [OR_BUILTIN, BUILTIN, BUILTIN];

/// What was reserved for each call and what it cost, in the order in which they left, in nano-dollars; and all that is booked.
fn calls(desk: &Limited) -> (Vec<(i64, i64)>, i64) {
    let path = desk.world.desk.path("var/pipeline.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let mut store = SqliteConnectOptions::new().filename(path).connect().await.expect("the store can be opened");
        let calls = sqlx::query_as("SELECT reserved, cost FROM model_calls ORDER BY started_at")
            .fetch_all(&mut store)
            .await
            .expect("calls can be read");
        let booked = sqlx::query_scalar("SELECT coalesce(sum(nano_usd), 0) FROM bookings WHERE kind = 'model'")
            .fetch_one(&mut store)
            .await
            .expect("bookings can be read");
        (calls, booked)
    })
}

/// “Spend ≤ cap; the counter survives”: the fourth call fills the day's cap to 99 %, and the program dies in the middle of it.
#[test]
fn death_in_the_call_that_fills_the_cap_spends_no_more_than_the_cap() {
    let plenty = "run_usd = 9.0\nday_usd = 9.0";
    let Some(reference) = Limited::with(6, ONE_BY_ONE, "", plenty, ROUTES) else { return };
    assert_eq!(reference.run(0).0.code, Some(0));
    let (all, _) = calls(&reference);
    assert_eq!(all.len(), 6, "one call for each lead: {all:?}");
    let first: i64 = all[..3].iter().map(|(_, cost)| cost).sum::<i64>() + all[3].0;
    #[allow(clippy::cast_precision_loss, reason = "a bill of a test is small")]
    let cap_usd = first as f64 / 1e9 / 0.993;

    let caps = format!("run_usd = 9.0\nday_usd = {cap_usd:.9}");
    let Some(desk) = Limited::with(6, ONE_BY_ONE, "", &caps, ROUTES) else { return };
    desk.model.delay(Duration::from_millis(700));
    let running = desk.spawn();
    assert!(desk.model.ledger().wait_for("asked", 4, Duration::from_secs(60)), "{}", desk.model.ledger());
    running.kill9();
    assert!(desk.model.ledger().wait_for("billed", 4, Duration::from_secs(10)), "a model bills who was killed, too");
    desk.model.delay(Duration::ZERO);
    let cap = (cap_usd * 1e9).round();
    let within = |what: &str| {
        let (calls, booked) = calls(&desk);
        let booked = i32::try_from(booked).map(f64::from).expect("a bill of a test is small");
        let bill = u32::try_from(desk.model.bill()).map(f64::from).expect("a bill of a test is small");
        assert!(bill <= cap && booked <= cap, "{what}: the cap is {cap}, booked {booked}, billed {bill}");
        assert!(booked >= bill, "{what}: booked {booked}, billed {bill}");
        (calls.len(), booked)
    };
    // Taken up again it finishes, without another call: there is no room for one.
    assert_eq!(desk.run(0).0.code, Some(0));
    let (calls, booked) = within("taken up again");
    assert_eq!((calls, desk.asked()), (4, 4), "{}", desk.model.ledger());
    assert!(booked >= cap * 0.99, "{booked} of {cap}: what is unknown is charged in full");
    desk.world.proposed();
    // The counter survives more runs of the same day.
    desk.world.more_news(100, 4);
    assert_eq!(desk.run(1).0.code, Some(0));
    assert_eq!(within("an hour later"), (4, booked));
    // And the next day is another one.
    desk.world.more_news(200, 2);
    desk.run(24);
    assert!(desk.asked() > 4, "{}", desk.model.ledger());
}
