-- What a call says about the limits of its provider.
ALTER TABLE model_calls ADD COLUMN tokens_estimated INTEGER NOT NULL DEFAULT 0;  -- prompt and the longest answer
ALTER TABLE model_calls ADD COLUMN bearing TEXT CHECK (bearing IN ('good', 'bad'));  -- of the provider; NULL says nothing
ALTER TABLE model_calls ADD COLUMN not_before INTEGER;  -- the provider asked for no call before
ALTER TABLE model_calls ADD COLUMN effect TEXT;  -- key and try of the effect that asked
CREATE INDEX model_calls_left ON model_calls (provider, started_at);
CREATE INDEX model_calls_troubled ON model_calls (provider, ended_at) WHERE bearing = 'bad' OR not_before IS NOT NULL;
CREATE INDEX model_calls_asked ON model_calls (provider, not_before) WHERE not_before IS NOT NULL;
CREATE INDEX model_calls_ended ON model_calls (provider, ended_at, bearing);
