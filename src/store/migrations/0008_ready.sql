-- What is looked up at every turn of the engine: the rows that can run, in lead order; the earliest page that is still to be
-- read; what is held under a cause; and how a provider's calls ended, without reading their answers.
CREATE INDEX outbox_ready ON outbox (lane, rank, key) WHERE cause IS NULL AND in_flight = 0;
CREATE INDEX outbox_reading ON outbox (rank) WHERE lane = 'fetch';
CREATE INDEX outbox_held ON outbox (cause) WHERE cause IS NOT NULL;
CREATE INDEX model_calls_by_end ON model_calls (provider, ended_at, status, error);
CREATE INDEX model_calls_failed ON model_calls (provider, ended_at) WHERE status IN ('failed', 'unknown');
