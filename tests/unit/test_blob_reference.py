"""The page of the blob service tells of every operation that the table of routes has, and of those that are not built."""

from pathlib import Path

from strongroom.server.azure.ops.missing import not_implemented
from strongroom.server.azure.route import OPERATIONS, Operation

PAGE = Path(__file__).parents[2] / "docs/reference/blob-service.md"


def asked(one: Operation) -> str:
    where = {"service": "/", "container": "/container", "blob": "/container/blob"}[one.level]
    query = "&".join(f"{name}={value}" for name, value in (("restype", one.restype), ("comp", one.comp)) if value)
    return f"`{one.method} {where}{'?' + query if query else ''}`" + "".join(f", `{name}`" for name in one.given)


def rows(*, built: bool) -> str:
    some = [one for one in OPERATIONS if (one.run is not not_implemented) is built]
    return "\n".join(f"| {one.name} | {asked(one)} |" for one in some)


def test_every_operation_is_documented():
    text = PAGE.read_text("utf-8")
    for mark, built in (("operations", True), ("missing", False)):
        told = text.partition(f"<!-- {mark} -->")[2].partition("<!-- end -->")[0]
        assert told.strip().partition("|---|---|\n")[2] == rows(built=built), f"{mark}:\n{rows(built=built)}"
