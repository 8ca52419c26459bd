-- The first catalog. Words in braces are spelt by dialect: see `catalog.SPELLING`.

CREATE TABLE room (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO room (name, value) VALUES ('revision', '0');

-- Where etags come from: no two writes of a room ever share one.
{etags};

CREATE TABLE containers (
    id {identity},
    name TEXT {bytewise} NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    kind TEXT NOT NULL CHECK (kind IN ('stored', 'mounted')),
    url TEXT,
    etag TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT,
    keeps_versions {boolean} NOT NULL,
    metadata {json} NOT NULL,
    CHECK ((kind = 'mounted') = (url IS NOT NULL))
);
CREATE UNIQUE INDEX containers_name ON containers (name) WHERE deleted_at IS NULL;

-- A process that writes objects. Its objects' ids begin with its own, so that what a killed one left behind is found
-- by listing its folder alone. A fenced one may give no object a row any more: a sweep removes what has none.
CREATE TABLE writers (
    id TEXT PRIMARY KEY CHECK (length(id) = 16),
    opened_at BIGINT NOT NULL,
    fenced_at BIGINT
);

CREATE TABLE objects (
    id TEXT PRIMARY KEY,
    writer TEXT NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('file', 'pack')),
    size BIGINT NOT NULL CHECK (size >= 0),
    created_at BIGINT NOT NULL
);
CREATE INDEX objects_writer ON objects (writer);

-- Objects whose row is gone and whose bytes are to be removed: written with the row's removal, read after a crash.
CREATE TABLE garbage (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL CHECK (place IN ('file', 'pack'))
);

-- One row a version of a blob; snapshots and copies are more rows to the same objects.
CREATE TABLE versions (
    id {identity},
    container_id BIGINT NOT NULL REFERENCES containers (id),
    name TEXT {bytewise} NOT NULL CHECK (length(name) BETWEEN 1 AND 1024),
    version TEXT {bytewise} NOT NULL,
    is_current {boolean} NOT NULL,
    is_snapshot {boolean} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('block', 'append', 'page')),
    size BIGINT NOT NULL CHECK (size >= 0),
    etag TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers {json} NOT NULL,
    metadata {json} NOT NULL,
    sha256 TEXT {bytewise} CHECK (sha256 IS NULL OR length(sha256) = 64),
    md5 {bytes},
    source_etag TEXT,
    fault TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (container_id, name, version),
    CHECK (NOT (is_current AND is_snapshot))
);
CREATE UNIQUE INDEX versions_current ON versions (container_id, name) WHERE is_current AND deleted_at IS NULL;
CREATE INDEX versions_sha256 ON versions (sha256);
CREATE INDEX versions_unread ON versions (id) WHERE sha256 IS NULL AND deleted_at IS NULL;
CREATE INDEX versions_fault ON versions (id) WHERE fault IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE version_objects (
    version_id BIGINT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    object_id TEXT NOT NULL REFERENCES objects (id),
    start BIGINT NOT NULL CHECK (start >= 0),
    length BIGINT NOT NULL CHECK (length >= 0),
    block_id TEXT,
    PRIMARY KEY (version_id, seq)
);
CREATE INDEX version_objects_object ON version_objects (object_id);

-- Blocks put but not yet committed.
CREATE TABLE blocks (
    container_id BIGINT NOT NULL REFERENCES containers (id),
    name TEXT {bytewise} NOT NULL,
    block_id TEXT {bytewise} NOT NULL,
    object_id TEXT NOT NULL REFERENCES objects (id),
    size BIGINT NOT NULL CHECK (size >= 0),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (container_id, name, block_id)
);
CREATE INDEX blocks_object ON blocks (object_id);

CREATE TABLE tags (
    version_id BIGINT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    name TEXT {bytewise} NOT NULL,
    value TEXT {bytewise} NOT NULL,
    PRIMARY KEY (version_id, name)
);
CREATE INDEX tags_value ON tags (name, value, version_id);

-- Each distinct state that contents are in: what a content is, and which analyzers finished it, how. There are few, so that
-- what is pending and how much is covered is decided once a standing, for whatever analyzers the room has now.
CREATE TABLE standings (
    id {identity},
    key TEXT NOT NULL UNIQUE
);

-- Bytes known by their SHA-256. `object_id` is set for members, whose bytes no blob version holds. `is_held` follows from
-- `holdings`, and `standing` from `analyses`. `moves` counts the changes of where the content is stored.
CREATE TABLE contents (
    sha256 TEXT {bytewise} PRIMARY KEY CHECK (length(sha256) = 64),
    size BIGINT NOT NULL CHECK (size >= 0),
    media_type TEXT,
    type TEXT,
    depth INTEGER NOT NULL CHECK (depth >= 0),
    object_id TEXT REFERENCES objects (id),
    standing BIGINT REFERENCES standings (id),
    is_held {boolean} NOT NULL,
    is_placed {boolean} NOT NULL,
    moves BIGINT NOT NULL CHECK (moves >= 0),
    first_seen_at BIGINT NOT NULL
);
CREATE INDEX contents_standing ON contents (standing, sha256) WHERE is_held;
CREATE INDEX contents_dead ON contents (sha256) WHERE NOT is_held;
CREATE INDEX contents_object ON contents (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX contents_unplaced ON contents (sha256) WHERE NOT is_placed;

CREATE TABLE members (
    parent_sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    analyzer TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    path TEXT NOT NULL,
    child_sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    PRIMARY KEY (parent_sha256, analyzer, seq)
);
CREATE INDEX members_child ON members (child_sha256, parent_sha256);

-- Which containers hold a content, in a live blob itself or inside of one. It follows from `versions` and `members`, and is
-- kept in the same transactions.
CREATE TABLE holdings (
    container_id BIGINT NOT NULL REFERENCES containers (id),
    sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    PRIMARY KEY (container_id, sha256)
);
CREATE INDEX holdings_sha256 ON holdings (sha256, container_id);

CREATE TABLE renditions (
    sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    role TEXT NOT NULL,
    analyzer TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    object_id TEXT NOT NULL REFERENCES objects (id),
    PRIMARY KEY (sha256, role)
);
CREATE INDEX renditions_object ON renditions (object_id);

CREATE TABLE analyses (
    sha256 TEXT {bytewise} NOT NULL REFERENCES contents (sha256),
    analyzer TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'failed', 'skipped')),
    reason TEXT,
    seconds DOUBLE PRECISION NOT NULL CHECK (seconds >= 0),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    segments BIGINT NOT NULL CHECK (segments >= 0),
    properties {json} NOT NULL,
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (sha256, analyzer)
);
CREATE INDEX analyses_trouble ON analyses (sha256, analyzer) WHERE reason IS NOT NULL;
CREATE INDEX analyses_finished ON analyses (finished_at, sha256);

CREATE TABLE acts (
    id {identity},
    at BIGINT NOT NULL,
    verb TEXT NOT NULL,
    actor TEXT NOT NULL,
    purpose TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    details {json} NOT NULL
);
