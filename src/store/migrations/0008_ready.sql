-- What is looked up at every turn of the engine: the rows that can run, in lead order; the earliest page that is still to be
-- read; what is held under a cause; calls that are under way.
CREATE INDEX outbox_ready ON outbox (lane, rank, key) WHERE cause IS NULL AND in_flight = 0;
CREATE INDEX outbox_reading ON outbox (rank) WHERE lane = 'fetch';
CREATE INDEX model_calls_open ON model_calls (effect) WHERE status = 'started';
CREATE INDEX outbox_held ON outbox (cause) WHERE cause IS NOT NULL;
