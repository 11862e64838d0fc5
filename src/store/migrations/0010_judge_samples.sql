-- Every sample of a judge, in the order in which they were given. A report holds the median only. `prompt`: the version of the prompt;
-- NULL where none was used, or where it is not known. Reports that were kept before name the built-in writer as their judge where the
-- built-in judge gave the score.
CREATE TABLE judge_samples (
    report TEXT NOT NULL REFERENCES reports (id), n INTEGER NOT NULL,
    grounding INTEGER NOT NULL, structure INTEGER NOT NULL, intent INTEGER NOT NULL, voice INTEGER NOT NULL,
    provider TEXT NOT NULL, model TEXT NOT NULL, prompt INTEGER, stand_in INTEGER NOT NULL,
    PRIMARY KEY (report, n)
) STRICT, WITHOUT ROWID;

INSERT INTO judge_samples
SELECT id, 0, report ->> '$.score.grounding', report ->> '$.score.structure', report ->> '$.score.intent',
       report ->> '$.score.voice', report ->> '$.score.judge.provider',
       iif(report ->> '$.score.judge.family' = 'builtin', 'rubric-1', report ->> '$.score.judge.model'), NULL,
       report ->> '$.score.stand_in'
FROM reports WHERE report ->> '$.score' IS NOT NULL;
