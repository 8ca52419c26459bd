-- What is asked again and again is indexed or kept: failures by their reason, and how often each name is told.

CREATE INDEX analyses_reason ON analyses (analyzer, {reason}, state, sha256) WHERE reason IS NOT NULL;

-- Of all that mentions say, whether or not the contents are still held: nothing that a scope sees is more.
ALTER TABLE entities ADD COLUMN contents BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entities ADD COLUMN mentions BIGINT NOT NULL DEFAULT 0;
CREATE TABLE spellings (
    entity_id BIGINT NOT NULL REFERENCES entities (id),
    spelling TEXT NOT NULL,
    mentions BIGINT NOT NULL,
    PRIMARY KEY (entity_id, spelling)
);
INSERT INTO spellings SELECT entity_id, spelling, sum(count) FROM mentions GROUP BY entity_id, spelling;
UPDATE entities SET
    contents = (SELECT count(DISTINCT m.sha256) FROM mentions m WHERE m.entity_id = entities.id),
    mentions = (SELECT coalesce(sum(m.count), 0) FROM mentions m WHERE m.entity_id = entities.id);
CREATE INDEX entities_often ON entities (kind, contents DESC, mentions DESC, key);
