"""A list of results as rows of a table."""

from collections.abc import Iterator, Sequence

from strongroom.domain.analysis import Coverage
from strongroom.domain.export import Finding
from strongroom.domain.hit import Hit, Match

Row = Sequence[object]

HEAD = (
    "No.", "Name", "Container", "Kind", "Place", "Text", "Found by", "Bytes", "Media type", "Other names", "SHA-256",
)  # fmt: skip
MATCHES = ("No.", "Name", "Place", "Text", "Found by", "SHA-256", "Segment")
NAMED = 5
"""Other names that a row tells."""


def hits(finding: Finding) -> Iterator[Row]:
    """Give a row a hit, with the best of its matches."""
    for number, hit in enumerate(finding.hits, 1):
        name, best = hit.names[0], hit.matches[0]
        others = [str(other) for other in hit.names[1 : NAMED + 1]]
        others += ["…"] if len(hit.names) > NAMED + 1 else []
        yield (
            number, inside(hit), name.container, hit.type, best.locator.label(), best.snippet,
            found_by(best), hit.size, hit.media_type, "; ".join(others), hit.content,
        )  # fmt: skip


def matches(finding: Finding) -> Iterator[Row]:
    """Give a row a match, of all hits."""
    for number, hit in enumerate(finding.hits, 1):
        for match in hit.matches:
            place, by = match.locator.label(), found_by(match)
            yield number, str(hit.names[0]), place, match.snippet, by, hit.content, match.segment_id


def inside(hit: Hit) -> str:
    """Give the name of a hit in its container."""
    name = hit.names[0]
    return name.blob + (f"!/{name.member}" if name.member else "")


def found_by(match: Match) -> str:
    """Say what found a match; a query of filters alone lists, and finds by nothing."""
    return ", ".join(match.channels) or "filters"


def about(finding: Finding) -> Iterator[tuple[str, str]]:
    """Give what has to be known of the list: its question, who asked, and in how much was searched."""
    scope = finding.scope
    yield "Query", finding.asked
    yield "Room", finding.room
    yield "Date", f"{finding.at:%Y-%m-%d %H:%M:%S} UTC"
    yield "Actor", scope.actor.name
    yield "Purpose", scope.purpose.name
    yield "Rules", scope.policy_version
    yield "Hits", f"{len(finding.hits):,}" + (", the first of more" if finding.is_cut else ", which are all")
    yield "Searched", covered(finding.coverage)


def covered(coverage: Coverage) -> str:
    """Say how much a search could see."""
    text = f"{coverage.searched:,} of {coverage.total:,} files"
    rest = ((coverage.pending, "pending"), (coverage.failed, "failed"), (coverage.skipped, "skipped"))
    told = ", ".join(f"{count:,} {word}" for count, word in rest if count)
    return f"{text}; {told}" if told else text
