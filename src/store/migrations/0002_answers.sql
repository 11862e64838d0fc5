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

-- What meant the same as an article when it was found out what that means, nearest first: an answer to one of them may be its own.
CREATE TABLE neighbours (
    article TEXT NOT NULL, n INTEGER NOT NULL, other TEXT NOT NULL, cosine_millionths INTEGER NOT NULL,
    PRIMARY KEY (article, n)
) STRICT, WITHOUT ROWID;
