"""The XML of lists of blobs."""

from datetime import UTC, datetime

import pytest

from strongroom.domain.lease import Lease
from strongroom.server.azure.wire.listing_xml import Shows, blobs_xml
from strongroom.storage.catalog.listing import USUAL, Entry, Wants

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = 1_000_000


def entry(name: str, *, md5: str | None = "00" * 16, modified_at: int = 0) -> Entry:
    return Entry(
        id=1,
        name=name,
        version="2026-01-02T03:04:05.0000000Z",
        size=10,
        etag="0x1",
        content_type='text/plain; x="<"',
        md5=md5,
        created_at=0,
        modified_at=modified_at,
    )


def listed(entries: list[Entry], wants: Wants, held: dict[str, Lease] | None = None) -> str:
    shows = Shows(wants=wants, keeps_versions=False, at=AT)
    return blobs_xml("http://h/a", [], entries, held or {}, {}, container="c", shows=shows, following="").decode()


@pytest.mark.parametrize("wants", [Wants(), Wants(metadata=True)], ids=["plain", "metadata"])
@pytest.mark.parametrize("name", ["a", "a&<b>", "a\x01", "ü/ß"])
@pytest.mark.parametrize("md5", [None, "d41d8cd98f00b204e9800998ecf8427e"])
@pytest.mark.parametrize("modified_at", [0, 86_400 * SECOND + 5])
def test_usual_blobs_are_told_as_all_others_are(wants: Wants, name: str, md5: str | None, modified_at: int) -> None:
    """A blob differs from a usual one only in its tier; but for the tier both are told alike."""
    usual = entry(name, md5=md5, modified_at=modified_at)
    other = usual._replace(rest=USUAL._replace(tier="Cool"))
    inferred = "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
    assert listed([usual], wants) == listed([other], wants).replace("<AccessTier>Cool</AccessTier>", inferred)


def test_md5_is_told_in_base64() -> None:
    assert "<Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5>" in listed(
        [entry("a", md5="D41D8CD98F00B204E9800998ECF8427E")], Wants()
    )
