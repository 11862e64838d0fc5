-- Times are INTEGER milliseconds since 1970 UTC. Ids are lower-case hexadecimal. Forms with a `v` beside them are written by
-- states::stored. Amounts are INTEGER nano-dollars and milliwatt-hours.

CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('secret', randomblob(32));

CREATE TABLE runner (one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL) STRICT;
INSERT INTO runner VALUES (1, 0);

CREATE TABLE articles (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    origin TEXT NOT NULL,
    lead TEXT,                     -- JSON; NULL for a digest
    run TEXT,                      -- the run that found or made it
    rank INTEGER NOT NULL UNIQUE,  -- lead order: what was found first is compared first
    story TEXT,
    state TEXT NOT NULL,
    name TEXT NOT NULL,            -- the state's name, derived
    v INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (site, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX articles_by_state ON articles (name, site);

CREATE TABLE workers (
    name TEXT PRIMARY KEY, state TEXT NOT NULL, v INTEGER NOT NULL, seq INTEGER NOT NULL,
    changed_at INTEGER NOT NULL, awake_since INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE urls (
    site TEXT NOT NULL, canonical TEXT NOT NULL, article TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('found', 'redirect', 'rel=canonical')),
    PRIMARY KEY (site, canonical)
) STRICT, WITHOUT ROWID;

-- What each source last told of an address: another entry of the same source is the next generation.
CREATE TABLE entries (
    site TEXT NOT NULL, canonical TEXT NOT NULL, source TEXT NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (site, canonical, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE stories (id TEXT PRIMARY KEY, site TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE story_members (
    article TEXT PRIMARY KEY,      -- or a post
    story TEXT NOT NULL, relation TEXT NOT NULL CHECK (relation IN ('first', 'copy', 'same_story', 'update')),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX story_members_by_story ON story_members (story);
CREATE TABLE update_of (article TEXT PRIMARY KEY, prior TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- What a site had before and beside the desk, in the fingerprint index under ids of its own.
CREATE TABLE posts (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, path TEXT NOT NULL, blob TEXT NOT NULL, title TEXT,
    article TEXT,                  -- whose page it is, where the desk made it
    UNIQUE (site, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE posts_read (site TEXT PRIMARY KEY, base TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- What texts mean: vectors of length one, 32-bit floats, least byte first. Only those of one model are compared.
CREATE TABLE embeddings (
    article TEXT PRIMARY KEY, site TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX embeddings_by_time ON embeddings (site, model, at);

CREATE TABLE snapshots (
    id TEXT PRIMARY KEY, body_hash TEXT NOT NULL, meta TEXT NOT NULL, text BLOB NOT NULL, fetched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE article_snapshots (
    article TEXT NOT NULL, snapshot TEXT NOT NULL REFERENCES snapshots (id), role TEXT NOT NULL,
    PRIMARY KEY (article, snapshot)
) STRICT, WITHOUT ROWID;

-- What the site has seen, by its words: articles and the site's own posts. It stands alone, so that what retention purges
-- stays known. `keys` are those of its rows in bands, as little-endian i64: they go when it goes.
CREATE TABLE fingerprints (
    n INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, id TEXT NOT NULL, print BLOB NOT NULL, keys BLOB NOT NULL,
    UNIQUE (site, id)
) STRICT;
-- Keys are mixed with the site's name: each site has its own buckets.
CREATE TABLE bands (key INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (key, n)) STRICT, WITHOUT ROWID;

CREATE TABLE briefs (id TEXT PRIMARY KEY, article TEXT NOT NULL, brief TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE drafts (
    id TEXT PRIMARY KEY, brief TEXT NOT NULL REFERENCES briefs (id), revision INTEGER NOT NULL, draft TEXT NOT NULL,
    bytes_hash TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE pages (bytes_hash TEXT PRIMARY KEY, draft TEXT NOT NULL REFERENCES drafts (id), files BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE reports (
    id TEXT PRIMARY KEY, bytes_hash TEXT NOT NULL REFERENCES pages (bytes_hash), ruleset_hash TEXT NOT NULL,
    verdict TEXT NOT NULL, report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE report_layers (
    report TEXT NOT NULL REFERENCES reports (id), layer TEXT NOT NULL, verdict TEXT NOT NULL, findings INTEGER NOT NULL,
    PRIMARY KEY (report, layer)
) STRICT, WITHOUT ROWID;
CREATE TABLE evidence (
    draft TEXT NOT NULL REFERENCES drafts (id), n INTEGER NOT NULL, sentence TEXT NOT NULL, kind TEXT NOT NULL,
    claim TEXT NOT NULL, snapshot TEXT REFERENCES snapshots (id), start INTEGER, "end" INTEGER,
    PRIMARY KEY (draft, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    machine TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, name TEXT NOT NULL, v INTEGER NOT NULL,
    "from" TEXT, "to" TEXT NOT NULL, run TEXT, at INTEGER NOT NULL,
    PRIMARY KEY (machine, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    key TEXT PRIMARY KEY, machine TEXT NOT NULL, kind TEXT NOT NULL, lane TEXT NOT NULL, payload TEXT NOT NULL, v INTEGER NOT NULL,
    rank INTEGER NOT NULL,          -- lead order
    due_at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, deliveries INTEGER NOT NULL DEFAULT 0,
    in_flight INTEGER NOT NULL DEFAULT 0,
    cause TEXT,                     -- held under this cause
    last TEXT                       -- what went wrong the last time
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (lane, due_at);
CREATE INDEX outbox_machine ON outbox (machine);

CREATE TABLE causes (
    cause TEXT PRIMARY KEY, message TEXT NOT NULL, since INTEGER NOT NULL, probe_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    key TEXT PRIMARY KEY, entry TEXT NOT NULL, v INTEGER NOT NULL, at INTEGER NOT NULL,
    handled INTEGER, refusal TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY, machine TEXT NOT NULL, key TEXT, kind TEXT NOT NULL CHECK (kind IN ('stale', 'illegal')),
    state TEXT NOT NULL, event TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;

CREATE TABLE slugs (site TEXT NOT NULL, slug TEXT NOT NULL, article TEXT NOT NULL, PRIMARY KEY (site, slug)) STRICT, WITHOUT ROWID;
CREATE TABLE proposals (
    article TEXT PRIMARY KEY, site TEXT NOT NULL, story TEXT NOT NULL, branch TEXT NOT NULL, slug TEXT NOT NULL, title TEXT NOT NULL,
    base_oid TEXT NOT NULL, head_oid TEXT, bytes_hash TEXT NOT NULL, number INTEGER, url TEXT,
    UNIQUE (site, branch), UNIQUE (site, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_calls (
    request TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, try INTEGER NOT NULL,
    task TEXT NOT NULL, run TEXT, article TEXT,
    status TEXT NOT NULL CHECK (status IN ('started', 'accepted', 'unusable', 'failed', 'unknown')),
    reserved INTEGER NOT NULL, cost INTEGER NOT NULL DEFAULT 0,
    tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, tokens_cached INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL, ended_at INTEGER, milliseconds INTEGER, answer TEXT, error TEXT,
    PRIMARY KEY (request, provider, model, try)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_calls_by_time ON model_calls (started_at);

CREATE TABLE bookings (
    id INTEGER PRIMARY KEY, run TEXT, article TEXT, kind TEXT NOT NULL, nano_usd INTEGER NOT NULL DEFAULT 0,
    mwh INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id TEXT PRIMARY KEY, slot INTEGER NOT NULL, sites TEXT NOT NULL, started_at INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('discovering', 'reading', 'writing', 'finished')), finished_at INTEGER, summary TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE worker_leases (worker TEXT NOT NULL, outbox_key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE source_polls (
    source TEXT PRIMARY KEY,
    spec TEXT NOT NULL,            -- what the configuration said of it; what is known holds for that only
    state TEXT NOT NULL,           -- written by the source crate: validators and the like
    polled_at INTEGER NOT NULL,
    pause INTEGER NOT NULL,        -- seconds
    good_at INTEGER, fresh_at INTEGER, failures INTEGER NOT NULL DEFAULT 0, entries INTEGER NOT NULL DEFAULT 0, error TEXT,
    missing_since_at INTEGER, missing INTEGER NOT NULL DEFAULT 0, retired_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE source_mutes (source TEXT PRIMARY KEY, muted_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE hosts (
    host TEXT PRIMARY KEY, heard_at INTEGER NOT NULL,
    rest_until_at INTEGER, rest_why TEXT,
    robots TEXT, robots_until_at INTEGER   -- a host without a file has a time and no text
) STRICT, WITHOUT ROWID;
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, article TEXT NOT NULL, bytes_hash TEXT, action TEXT NOT NULL, by TEXT NOT NULL, note TEXT, at INTEGER NOT NULL
) STRICT;
CREATE TABLE notices (key TEXT PRIMARY KEY, machine TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
