-- What is known of each model of a worker: its last good rates (JSON, thousandths of a token per second, newest last), and
-- since when and why it cannot be used.
CREATE TABLE worker_models (
    worker TEXT NOT NULL, model TEXT NOT NULL, rates TEXT NOT NULL DEFAULT '[]', unfit TEXT, unfit_at INTEGER,
    PRIMARY KEY (worker, model)
) STRICT, WITHOUT ROWID;

-- Which model an effect waits for, while it is held under the cause of the worker. `rank` is the model's place on an
-- article's way.
CREATE TABLE worker_wants (
    outbox_key TEXT PRIMARY KEY, worker TEXT NOT NULL, model TEXT NOT NULL, rank INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When a worker was up, and what it drew: `until_at` is NULL while it is.
CREATE TABLE worker_windows (
    worker TEXT NOT NULL, from_at INTEGER NOT NULL, until_at INTEGER, woken INTEGER NOT NULL,
    mwh INTEGER NOT NULL DEFAULT 0,
    source TEXT CHECK (source IN ('meter', 'watts', 'both')),
    PRIMARY KEY (worker, from_at)
) STRICT, WITHOUT ROWID;

-- What was drawn up to metered_at and is not booked yet; `reading` is what the meter said then. Up to booked_at all is booked.
ALTER TABLE workers ADD COLUMN metered_at INTEGER;
ALTER TABLE workers ADD COLUMN reading TEXT;
ALTER TABLE workers ADD COLUMN booked_at INTEGER;
ALTER TABLE workers ADD COLUMN pending_mwh INTEGER NOT NULL DEFAULT 0;
UPDATE workers SET metered_at = awake_since;
