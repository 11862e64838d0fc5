-- What is looked up at every turn of the engine: the rows that can run, in lead order; the earliest page that is still to be
-- read; what is held under a cause.
CREATE INDEX outbox_ready ON outbox (lane, rank, key) WHERE cause IS NULL AND in_flight = 0;
CREATE INDEX outbox_reading ON outbox (rank) WHERE lane = 'fetch';
CREATE INDEX outbox_held ON outbox (cause) WHERE cause IS NOT NULL;
