"""What requests are made of, right values and wrong ones; each maker draws from a generator of random numbers.

Hypothesis's own strategies prefer what is short and what was drawn before: of 1,400 requests 20 found a blob to read.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

from differential.rest import Ask

T = TypeVar("T")
Headers = dict[str, str]
Maker = Callable[[Random], T]
Draw = Callable[[Maker[T]], T]

BOXES = ("one",) * 8 + ("two",)
BLOCKS, LOGS, DISKS = ("a", "a", "a/b", "a/c", "b/ü %&+.txt", "new"), ("log", "log", "a/log"), ("disk", "disk", "a/disk")
BLOBS = (*BLOCKS, *LOGS, *DISKS)
"""Names of blobs, by what they are mostly."""
BODIES = (b"", b"hello", b"x" * 512, b"y" * 1024, b"z" * 5000)
PAGES = (b"p" * 512, b"q" * 1024, b"odd")
LEASE, OTHER_LEASE = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
PAST, FUTURE = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2055 00:00:00 GMT"
BLOCK_IDS = ("QUFB", "QkJC", "Q0ND", "QQ==", "no-base64!")


def one_of(values: Sequence[T]) -> Maker[T]:
    """Give one of these values."""
    return lambda rng: rng.choice(values)


def any_of(*makers: Maker[T]) -> Maker[T]:
    """Give what one of these gives."""
    return lambda rng: rng.choice(makers)(rng)


def sometimes(maker: Maker[Headers], one_in: int = 4) -> Maker[Headers]:
    """Give nothing, save once in so many times."""
    return lambda rng: {} if rng.randrange(one_in) else maker(rng)


def header(name: str, *values: str) -> Maker[Headers]:
    """Give one header with one of these values."""
    return lambda rng: {name: rng.choice(values)}


def joined(*makers: Maker[Headers]) -> Maker[Headers]:
    """Give the headers of all."""
    return lambda rng: {name: value for maker in makers for name, value in maker(rng).items()}


ETAGS = ("{etag}", "{etag}", "{etag}", "*", '"0x1"')
CONDITIONS = sometimes(
    any_of(
        header("if-match", *ETAGS),
        header("if-none-match", *ETAGS),
        header("if-modified-since", PAST, FUTURE),
        header("if-unmodified-since", PAST, FUTURE),
        joined(header("if-match", *ETAGS), header("if-unmodified-since", PAST, FUTURE)),
        joined(header("if-none-match", *ETAGS), header("if-modified-since", PAST, FUTURE)),
    ),
    5,
)
TAGGED = sometimes(header("x-ms-if-tags", "\"colour\"='red'", "\"colour\"<>'red'", "no query"), 16)
LEASED = sometimes(header("x-ms-lease-id", "{lease}", "{lease}", "{lease}", OTHER_LEASE, "no-guid"), 4)
METADATA = sometimes(one_of([{"x-ms-meta-one": "1"}, {"x-ms-meta-one": "1", "x-ms-meta-two": "b c"}, {"x-ms-meta-one": ""}]), 3)
BAD_METADATA = sometimes(header("x-ms-meta-1-bad", "x"), 20)
TAGS = sometimes(
    header("x-ms-tags", "colour=red", "colour=red", "colour=blue&size=2", "colour=blue&size=2", "colour=a&colour=b", "bad"), 4
)
CONTENT = sometimes(
    one_of(
        [
            {"x-ms-blob-content-type": "text/plain"},
            {"x-ms-blob-content-type": "text/html", "x-ms-blob-content-encoding": "gzip"},
            {"x-ms-blob-content-language": "de", "x-ms-blob-cache-control": "no-cache"},
            {"x-ms-blob-content-disposition": "inline", "content-type": "image/png"},
            {"content-type": "text/csv"},
        ]
    ),
    3,
)
TIERS = ("Hot", "Cool", "Cool", "Cold", "Hot", "Archive", "P10", "Bogus", "")
METADATA = joined(METADATA, BAD_METADATA)
GUARDED = joined(CONDITIONS, TAGGED, LEASED)


def md5(body: bytes) -> str:
    """Give a body's MD5 as a header spells it."""
    return b64encode(hashlib.md5(body).digest()).decode()


def stated(body: bytes, name: str = "content-md5") -> Maker[Headers]:
    """State the MD5 of a body, rarely a wrong one."""
    return sometimes(header(name, *[md5(body)] * 4, md5(body + b"!"), "short"), 4)


def ask(  # noqa: PLR0917 - in the order of a request
    operation: str, method: str, path: str, query: Mapping[str, str], headers: Headers, body: bytes = b""
) -> Ask:
    """Give a request."""
    return Ask(operation=operation, method=method, path=path, query=query, headers=headers, body=body)


def blob_path(draw: Draw, names: tuple[str, ...] = BLOBS) -> str:
    """Draw where a blob is, rarely one of another name than these."""
    chosen = draw(one_of([names] * 7 + [BLOBS]))
    return f"{draw(one_of(BOXES))}/{draw(one_of(chosen))}"
