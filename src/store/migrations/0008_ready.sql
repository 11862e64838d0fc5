-- What is looked up at every turn of the engine: the rows that can run, in lead order; the earliest of a lane; what is held
-- under a cause; and how a provider's calls ended, without reading their answers.
CREATE INDEX outbox_ready ON outbox (lane, rank, key) WHERE cause IS NULL AND in_flight = 0;
CREATE INDEX outbox_by_rank ON outbox (lane, rank);
CREATE INDEX outbox_held ON outbox (cause) WHERE cause IS NOT NULL;
CREATE INDEX model_calls_by_end ON model_calls (provider, ended_at, status, error);
