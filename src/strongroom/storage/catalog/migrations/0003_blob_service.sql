-- What the blob service keeps beside the bytes. Words in braces are spelt by dialect: see `catalog.SPELLING`.

ALTER TABLE containers ADD COLUMN public TEXT NOT NULL DEFAULT 'none' CHECK (public IN ('none', 'blob', 'container'));
ALTER TABLE containers ADD COLUMN access_policies {json} NOT NULL DEFAULT '[]';
ALTER TABLE containers ADD COLUMN legal_holds {json} NOT NULL DEFAULT '[]';
ALTER TABLE containers ADD COLUMN immutable_days INTEGER NOT NULL DEFAULT 0 CHECK (immutable_days >= 0);
ALTER TABLE containers ADD COLUMN is_immutability_locked {boolean} NOT NULL DEFAULT FALSE;
-- A deleted container can be restored until then; one without is emptied at once.
ALTER TABLE containers ADD COLUMN purge_at BIGINT;

ALTER TABLE versions ADD COLUMN tier TEXT;
ALTER TABLE versions ADD COLUMN tier_changed_at BIGINT;
ALTER TABLE versions ADD COLUMN rehydrating_to TEXT;
ALTER TABLE versions ADD COLUMN copy {json};
ALTER TABLE versions ADD COLUMN sequence_number BIGINT NOT NULL DEFAULT 0 CHECK (sequence_number >= 0);
ALTER TABLE versions ADD COLUMN is_sealed {boolean} NOT NULL DEFAULT FALSE;
ALTER TABLE versions ADD COLUMN immutable_until BIGINT;
ALTER TABLE versions ADD COLUMN is_immutability_locked {boolean} NOT NULL DEFAULT FALSE;
ALTER TABLE versions ADD COLUMN has_legal_hold {boolean} NOT NULL DEFAULT FALSE;
-- A deleted version (`deleted_at`) can be restored until then. A deleted blob's last version stays `is_current`.
ALTER TABLE versions ADD COLUMN purge_at BIGINT;
CREATE INDEX versions_purge ON versions (purge_at) WHERE purge_at IS NOT NULL;

-- The pieces of a page blob: `seq` is the page of 512 bytes at which one begins, and what lies between them is zeros.

-- Leases by name, so that they outlive the versions; the empty name is the container itself.
CREATE TABLE leases (
    container_id BIGINT NOT NULL REFERENCES containers (id),
    name TEXT {bytewise} NOT NULL,
    lease_id TEXT NOT NULL,
    seconds INTEGER NOT NULL CHECK (seconds = -1 OR seconds BETWEEN 15 AND 60),
    expires_at BIGINT,
    breaks_at BIGINT,
    PRIMARY KEY (container_id, name)
);

-- Under which names blob clients sign in, with two keys each.
CREATE TABLE accounts (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 3 AND 24),
    created_at BIGINT NOT NULL
);
CREATE TABLE account_keys (
    account TEXT NOT NULL REFERENCES accounts (name),
    slot INTEGER NOT NULL CHECK (slot IN (1, 2)),
    secret {bytes} NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (account, slot)
);

-- What a service is told to do: its properties (CORS, retention of what is deleted, ...), lifecycle rules, secrets.
CREATE TABLE service (
    name TEXT PRIMARY KEY,
    value {json} NOT NULL
);

-- The change feed, where it is switched on.
CREATE TABLE changes (
    id {identity},
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    container TEXT {bytewise} NOT NULL,
    name TEXT {bytewise} NOT NULL,
    version TEXT NOT NULL,
    etag TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_type TEXT NOT NULL
);
CREATE INDEX changes_at ON changes (at);
