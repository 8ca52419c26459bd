-- Who may come in by the page and the HTTP API, what they look out for, and what is named in texts.

-- People and programs; without any, the local owner alone comes in, by a link.
CREATE TABLE users (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
    role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'reader')),
    -- Names of the containers that are granted; null grants all.
    containers {json},
    -- An Argon2id hash in its own notation; null where there is no password.
    password TEXT,
    created_at BIGINT NOT NULL
);

-- Of secrets only the SHA-256 is kept.
CREATE TABLE user_keys (
    id TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT
);
CREATE TABLE sessions (
    secret_hash {bytes} PRIMARY KEY,
    actor TEXT NOT NULL,
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_actor ON sessions (actor);
-- Links that let somebody in once.
CREATE TABLE logins (
    secret_hash {bytes} PRIMARY KEY,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Saved searches; those that watch report what matches among what arrives.
CREATE TABLE searches (
    id {identity},
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    is_watching {boolean} NOT NULL,
    webhook TEXT,
    feed_secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Up to which finished analysis was looked.
    reached_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    UNIQUE (actor, name)
);
CREATE TABLE search_matches (
    search_id BIGINT NOT NULL REFERENCES searches (id),
    sha256 TEXT NOT NULL REFERENCES contents (sha256),
    found_at BIGINT NOT NULL,
    -- When the webhook took it.
    told_at BIGINT,
    PRIMARY KEY (search_id, sha256)
);

-- What is named in texts: one row a name, with the spellings that mean the same.
CREATE TABLE entities (
    id {identity},
    kind TEXT NOT NULL,
    -- What equal spellings have in common.
    key TEXT {bytewise} NOT NULL,
    UNIQUE (kind, key)
);
CREATE TABLE mentions (
    entity_id BIGINT NOT NULL REFERENCES entities (id),
    sha256 TEXT NOT NULL REFERENCES contents (sha256),
    count BIGINT NOT NULL CHECK (count > 0),
    spelling TEXT NOT NULL,
    PRIMARY KEY (entity_id, sha256, spelling)
);
CREATE INDEX mentions_sha256 ON mentions (sha256, entity_id);
-- Contents of which people's names were left out, for all containers that held them wanted none.
CREATE TABLE withheld (
    sha256 TEXT PRIMARY KEY REFERENCES contents (sha256)
);
