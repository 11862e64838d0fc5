-- Answers that took no call: `cache` for the same question, `semantic` for one about an article that means the same, `builtin` for
-- the provider inside the program. They are booked with the outcome that used them. Answers that took a call are in model_calls:
-- what could cost something there (reserved > 0) was hosted, the rest local.
CREATE TABLE free_answers (
    id INTEGER PRIMARY KEY, tier TEXT NOT NULL CHECK (tier IN ('cache', 'semantic', 'builtin')), task TEXT NOT NULL,
    provider TEXT NOT NULL, model TEXT NOT NULL, run TEXT, article TEXT,
    "of" TEXT,                     -- the article whose answer it was, where it was another one's
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX free_answers_by_time ON free_answers (at);
