//! What the program's store says, read beside the program: calls, bookings, and what is left to do.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};

/// One call of a model.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) status: String,
    pub(crate) reserved: i64,
    pub(crate) cost: i64,
}

/// One proposal.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) branch: String,
    pub(crate) head: Option<String>,
    pub(crate) number: Option<u64>,
}

/// The store at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    /// The calls of each request, in the order of their tries.
    pub(crate) calls: BTreeMap<String, Vec<Call>>,
    /// Everything booked for models, in nano-dollars.
    pub(crate) booked: i64,
    /// How many articles are in each state.
    pub(crate) states: BTreeMap<String, i64>,
    /// How many of them are leads.
    pub(crate) leads: i64,
    /// Why articles are parked.
    pub(crate) parked: Vec<String>,
    /// By branch.
    pub(crate) proposals: Vec<Proposal>,
    /// Runs that did not end.
    pub(crate) unfinished: Vec<String>,
    /// Effects that are neither timers nor watches, and effects in flight.
    pub(crate) stuck: Vec<String>,
    /// Dead letters.
    pub(crate) dead: Vec<String>,
    /// Causes.
    pub(crate) causes: Vec<String>,
}

impl Books {
    /// Reads the store at a path; an empty one where there is none yet.
    pub(crate) fn read(path: &Path) -> Self {
        if !path.exists() {
            return Self::default();
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(10));
            let mut connection = options.connect().await.expect("the store can be opened");
            // A program that was killed at its first commits has left a store without tables.
            let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'notices'")
                .fetch_one(&mut connection)
                .await
                .expect("the store can be read");
            if tables == 0 { Self::default() } else { Self::from(&mut connection).await }
        })
    }

    async fn from(store: &mut SqliteConnection) -> Self {
        let mut books = Self::default();
        let calls = "SELECT request || ' ' || provider, status, reserved, cost FROM model_calls ORDER BY 1, try";
        for row in sqlx::query(calls).fetch_all(&mut *store).await.expect("calls can be read") {
            let call = Call { status: row.get(1), reserved: row.get(2), cost: row.get(3) };
            books.calls.entry(row.get(0)).or_default().push(call);
        }
        let booked = "SELECT coalesce(sum(nano_usd), 0) FROM bookings WHERE kind = 'model'";
        books.booked = sqlx::query_scalar(booked).fetch_one(&mut *store).await.expect("bookings can be read");
        for row in sqlx::query("SELECT name, count(*), count(lead) FROM articles GROUP BY name")
            .fetch_all(&mut *store)
            .await
            .expect("articles can be read")
        {
            books.states.insert(row.get(0), row.get(1));
            books.leads += row.get::<i64, _>(2);
        }
        for row in sqlx::query("SELECT branch, head_oid, number FROM proposals ORDER BY branch")
            .fetch_all(&mut *store)
            .await
            .expect("proposals can be read")
        {
            let number: Option<i64> = row.get(2);
            let number = number.and_then(|n| u64::try_from(n).ok());
            books.proposals.push(Proposal { branch: row.get(0), head: row.get(1), number });
        }
        books.parked = lines(store, "SELECT state FROM articles WHERE name = 'Parked'").await;
        books.unfinished = lines(store, "SELECT id || ' ' || phase FROM runs WHERE phase <> 'finished'").await;
        books.stuck = lines(
            store,
            "SELECT key || ' ' || kind || ' ' || coalesce(last, '') FROM outbox \
             WHERE in_flight OR kind NOT IN ('ShelfLife', 'ReviewTime', 'WatchProposal', 'WatchLive')",
        )
        .await;
        books.dead =
            lines(store, "SELECT machine || ' ' || kind || ' ' || event || ' ' || why FROM dead_letters").await;
        books.causes = lines(store, "SELECT cause || ' ' || message FROM causes").await;
        books
    }

    /// How many calls have this status.
    pub(crate) fn with_status(&self, status: &str) -> usize {
        self.calls.values().flatten().filter(|c| c.status == status).count()
    }

    /// How many calls are booked as unknown.
    pub(crate) fn unknown(&self) -> usize {
        self.with_status("unknown")
    }
}

async fn lines(store: &mut SqliteConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(store).await.expect("the store can be read")
}
