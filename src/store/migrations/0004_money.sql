-- The terms of a call: on which tier, at which prices (nano-dollars for a million tokens), and what the prompt left out.
ALTER TABLE model_calls ADD COLUMN tier TEXT NOT NULL DEFAULT 'local' CHECK (tier IN ('local', 'hosted'));
ALTER TABLE model_calls ADD COLUMN price_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_calls ADD COLUMN price_cached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_calls ADD COLUMN price_cache_write INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_calls ADD COLUMN price_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_calls ADD COLUMN tokens_cache_write INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_calls ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;   -- source sentences
-- Until now only what could cost something is known to have been hosted.
UPDATE model_calls SET tier = 'hosted' WHERE reserved > 0;
CREATE INDEX bookings_by_time ON bookings (at);
CREATE INDEX model_calls_by_end ON model_calls (ended_at);
