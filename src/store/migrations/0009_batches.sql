-- Questions that can wait are asked together, by the batch interface of their provider. `submitting`: committed before anything is
-- uploaded; `waiting`: the provider has it; `ended`: all is answered and booked; `tidied`: its files at the provider are deleted.
CREATE TABLE batches (
    key TEXT PRIMARY KEY,          -- hash of its items; the provider keeps it beside the batch
    provider TEXT NOT NULL, model TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('submitting', 'waiting', 'ended', 'tidied')),
    file TEXT,                     -- the provider's name of the uploaded questions
    remote TEXT,                   -- the provider's name of the batch
    files TEXT NOT NULL DEFAULT '[]',  -- what is left there to be deleted, JSON
    began_at INTEGER NOT NULL, due_at INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER, last TEXT    -- what was said last
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_living ON batches (due_at) WHERE status <> 'tidied';

-- One question of a batch, or of none yet; its call is in model_calls, `started` until it ends. It lives until `ended_at`.
CREATE TABLE batch_items (
    request TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, try INTEGER NOT NULL,
    batch TEXT REFERENCES batches (key),
    body TEXT,                     -- what is sent; nothing once it has ended
    effect TEXT,                   -- key and try of the effect that asked
    tokens_sent INTEGER NOT NULL, tokens_prompt INTEGER NOT NULL,  -- estimates: of the messages, and with the schema
    queued_at INTEGER NOT NULL, ended_at INTEGER,
    error TEXT,                    -- why it came back without an answer, JSON
    PRIMARY KEY (request, provider, model, try)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_items_living ON batch_items (provider, model, batch) WHERE ended_at IS NULL;
CREATE INDEX batch_items_of ON batch_items (batch) WHERE batch IS NOT NULL;
-- 1 for a question that went by a batch: it says nothing about how busy its provider is.
ALTER TABLE model_calls ADD COLUMN batched INTEGER NOT NULL DEFAULT 0;
