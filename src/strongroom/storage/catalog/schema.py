"""The catalog's tables as SQLAlchemy sees them; `migrations/` makes them, and a test holds the two equal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An instant as whole microseconds since 1970 in UTC: neither database can lose its zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware datetime into microseconds."""
        del dialect
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into an aware datetime in UTC."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


def is_true(column: ColumnElement[bool]) -> ColumnElement[bool]:
    """Spell a truth value as the partial indexes do: with the ``= 1`` of SQLAlchemy SQLite would not see that they fit."""
    found: ColumnElement[Any] = type_coerce(column, Integer())
    return found


Identity = BigInteger().with_variant(Integer, "sqlite")
Document = JSON().with_variant(JSONB, "postgresql")

metadata = MetaData()

room = Table("room", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

containers = Table(
    "containers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text),
    Column("etag", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("keeps_versions", Boolean, nullable=False),
    Column("metadata", Document, nullable=False),
    Column("public", Text, nullable=False),
    Column("access_policies", Document, nullable=False),
    Column("legal_holds", Document, nullable=False),
    Column("immutable_days", Integer, nullable=False),
    Column("is_immutability_locked", Boolean, nullable=False),
    Column("purge_at", Instant),
)

writers = Table(
    "writers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("opened_at", Instant, nullable=False),
    Column("fenced_at", Instant),
)

objects = Table(
    "objects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("writer", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
)

garbage = Table(
    "garbage",
    metadata,
    Column("id", Text, primary_key=True),
    Column("place", Text, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("container_id", BigInteger, ForeignKey("containers.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("is_snapshot", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("headers", Document, nullable=False),
    Column("metadata", Document, nullable=False),
    Column("sha256", Text),
    Column("md5", LargeBinary),
    Column("source_etag", Text),
    Column("fault", Text),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("tier", Text),
    Column("tier_changed_at", Instant),
    Column("rehydrating_to", Text),
    Column("copy", Document),
    Column("sequence_number", BigInteger, nullable=False),
    Column("is_sealed", Boolean, nullable=False),
    Column("immutable_until", Instant),
    Column("is_immutability_locked", Boolean, nullable=False),
    Column("has_legal_hold", Boolean, nullable=False),
    Column("purge_at", Instant),
)

version_objects = Table(
    "version_objects",
    metadata,
    Column("version_id", BigInteger, ForeignKey("versions.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("object_id", Text, ForeignKey("objects.id"), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("block_id", Text),
)

blocks = Table(
    "blocks",
    metadata,
    Column("container_id", BigInteger, ForeignKey("containers.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("block_id", Text, primary_key=True),
    Column("object_id", Text, ForeignKey("objects.id"), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("version_id", BigInteger, ForeignKey("versions.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("container_id", BigInteger, ForeignKey("containers.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("lease_id", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("expires_at", Instant),
    Column("breaks_at", Instant),
)

accounts = Table("accounts", metadata, Column("name", Text, primary_key=True), Column("created_at", Instant, nullable=False))

account_keys = Table(
    "account_keys",
    metadata,
    Column("account", Text, ForeignKey("accounts.name"), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
)

service = Table("service", metadata, Column("name", Text, primary_key=True), Column("value", Document, nullable=False))

changes = Table(
    "changes",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("container", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", Text, nullable=False),
)

standings = Table(
    "standings",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Text, nullable=False),
)

contents = Table(
    "contents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text),
    Column("type", Text),
    Column("depth", Integer, nullable=False),
    Column("object_id", Text, ForeignKey("objects.id")),
    Column("standing", BigInteger, ForeignKey("standings.id")),
    Column("is_held", Boolean, nullable=False),
    Column("is_placed", Boolean, nullable=False),
    Column("moves", BigInteger, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("duration", Double),
)

members = Table(
    "members",
    metadata,
    Column("parent_sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("analyzer", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("path", Text, nullable=False),
    Column("child_sha256", Text, ForeignKey("contents.sha256"), nullable=False),
)

holdings = Table(
    "holdings",
    metadata,
    Column("container_id", BigInteger, ForeignKey("containers.id"), primary_key=True),
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
)

renditions = Table(
    "renditions",
    metadata,
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("analyzer", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("object_id", Text, ForeignKey("objects.id"), nullable=False),
)

analyses = Table(
    "analyses",
    metadata,
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("analyzer", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("seconds", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("properties", Document, nullable=False),
    Column("finished_at", Instant, nullable=False),
)

stretches = Table(
    "stretches",
    metadata,
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("analyzer", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("reached", Double, nullable=False),
    Column("total", Double),
    Column("segments", BigInteger, nullable=False),
    Column("members", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("properties", Document, nullable=False),
    Column("problems", Document, nullable=False),
    Column("troubles", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("details", Document, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("containers", Document),
    Column("password", Text),
    Column("created_at", Instant, nullable=False),
)

user_keys = Table(
    "user_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_hash", LargeBinary, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

logins = Table(
    "logins",
    metadata,
    Column("secret_hash", LargeBinary, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("is_watching", Boolean, nullable=False),
    Column("webhook", Text),
    Column("feed_secret", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reached_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

search_matches = Table(
    "search_matches",
    metadata,
    Column("search_id", BigInteger, ForeignKey("searches.id"), primary_key=True),
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("found_at", Instant, nullable=False),
    Column("told_at", Instant),
)

entities = Table(
    "entities",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("contents", BigInteger, nullable=False),
    Column("mentions", BigInteger, nullable=False),
)

spellings = Table(
    "spellings",
    metadata,
    Column("entity_id", BigInteger, ForeignKey("entities.id"), primary_key=True),
    Column("spelling", Text, primary_key=True),
    Column("mentions", BigInteger, nullable=False),
)

mentions = Table(
    "mentions",
    metadata,
    Column("entity_id", BigInteger, ForeignKey("entities.id"), primary_key=True),
    Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("spelling", Text, primary_key=True),
)

withheld = Table("withheld", metadata, Column("sha256", Text, ForeignKey("contents.sha256"), primary_key=True))
