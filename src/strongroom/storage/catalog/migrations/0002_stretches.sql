-- Seconds of a recording, as the analyzer of media told them.
ALTER TABLE contents ADD COLUMN duration DOUBLE PRECISION;
CREATE INDEX contents_duration ON contents (standing, sha256, duration) WHERE is_held AND duration IS NOT NULL;

-- How far analyzers are in long recordings that they have not come to the end of, or failed on the way. All numbers count
-- from the beginning; members, renditions and segments are where finished analyses have theirs.
CREATE TABLE stretches (
    sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    analyzer TEXT NOT NULL,
    version INTEGER NOT NULL,
    reached DOUBLE PRECISION NOT NULL CHECK (reached > 0),
    total DOUBLE PRECISION,
    segments BIGINT NOT NULL CHECK (segments >= 0),
    members BIGINT NOT NULL CHECK (members >= 0),
    seconds DOUBLE PRECISION NOT NULL CHECK (seconds >= 0),
    properties {json} NOT NULL,
    problems {json} NOT NULL,
    troubles BIGINT NOT NULL CHECK (troubles >= 0),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (sha256, analyzer)
);
