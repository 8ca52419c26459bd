"""Links into the page, for programs that show what they were given somewhere else."""

from urllib.parse import urlencode

from fastapi import Request

from strongroom.domain.answer import Citation


def base_of(request: Request) -> str:
    """Give where people reach the page, without a slash at its end."""
    told: str = getattr(request.app.state, "url", "")
    return told.rstrip("/") or str(request.base_url).rstrip("/")


def view(base: str, content: str, *, segment: str = "", q: str = "", page: int | None = None) -> str:
    """Give the address of the viewer that shows a content.

    Args:
        base: As `base_of` gives it.
        content: SHA-256.
        segment: Id of the segment that it opens at.
        q: What is marked in it.
        page: The page that it opens at.
    """
    given = {"segment": segment, "q": q, "page": "" if page is None else str(page)}
    asked = urlencode({name: value for name, value in given.items() if value}, errors="replace")
    return f"{base}/view/{content}" + (f"?{asked}" if asked else "")


def source_of(base: str, citation: Citation) -> str:
    """Give the address of the viewer that shows what a sentence rests on."""
    return view(base, citation.content, segment=citation.segment_id)
