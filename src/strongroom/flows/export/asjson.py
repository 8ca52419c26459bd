"""A list of results as JSON, for programs."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from strongroom.domain.export import Finding
from strongroom.domain.hit import Hit


def said(finding: Finding) -> dict[str, object]:
    """Give what has to be known of a list of results."""
    return {
        "query": _valid(finding.asked),
        "room": _valid(finding.room),
        "at": finding.at.isoformat(),
        "actor": finding.scope.actor.name,
        "purpose": finding.scope.purpose.name,
        "rules": finding.scope.policy_version,
        "coverage": asdict(finding.coverage),
        "hits": len(finding.hits),
        "is_cut": finding.is_cut,
    }


def told(number: int, hit: Hit) -> dict[str, object]:
    """Give a hit as a list of results tells it."""
    return {
        "number": number,
        "sha256": hit.content,
        "names": [_valid(str(name)) for name in hit.names],
        "type": hit.type,
        "media_type": hit.media_type,
        "size": hit.size,
        "matches": [
            {
                "segment": match.segment_id,
                "kind": match.kind,
                "place": match.locator.label(),
                "locator": {key: value for key, value in asdict(match.locator).items() if value not in (None, ())},
                "text": _valid(match.snippet),
                "marks": match.marks,
                "found_by": match.channels,
            }
            for match in hit.matches
        ],
    }


def write_json(file: Path, finding: Finding) -> None:
    """Write a list of results as JSON, hit by hit.

    Raises:
        OSError: It cannot be written.
    """
    with file.open("w", encoding="utf-8") as out:
        out.writelines(_pieces(finding))


def _pieces(finding: Finding) -> Iterator[str]:
    yield '{"about": ' + json.dumps(said(finding), ensure_ascii=False) + ',\n"hits": ['
    for number, hit in enumerate(finding.hits, 1):
        yield ("\n" if number == 1 else ",\n") + json.dumps(told(number, hit), ensure_ascii=False)
    yield "\n]}\n"


def _valid(text: str) -> str:
    """Give text that is valid Unicode."""
    return text.encode("utf-8", "replace").decode("utf-8")
