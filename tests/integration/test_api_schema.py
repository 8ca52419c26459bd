"""The API against its own document: whatever a client sends within it, or beside it, no answer is a fault of the server."""

import re
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from front_door import URL, Front, open_front
from strongroom.server import api

EXAMPLES = 5
SLOW = {"/api/v1/work/events", "/api/v1/containers/mounts"}
"""An endless stream; and what would read the folders of this machine."""

schema = schemathesis.openapi.from_dict(api.document())


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("schema") / "room", page_burst=1e6, page_rate=1e6) as opened:
        opened.room.create_container("letters")
        opened.room.upload("letters", "note.txt", b"The harbour office.")
        opened.key = opened.by_key().headers["authorization"]
        yield opened


def lead(parameters: dict[str, object], front: Front) -> None:
    """Put what there is in the place of what a document can only describe."""
    if re.fullmatch("[0-9a-f]{64}", str(parameters.get("sha"))):
        parameters["sha"] = front.room.blob("letters", "note.txt").sha256
    if re.fullmatch("[$a-z0-9-]{3,63}", str(parameters.get("container"))):
        parameters["container"] = "letters"


@schema.exclude(path=list(SLOW)).parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_request_is_answered_by_a_fault_of_the_server(case: schemathesis.Case, front: Front):
    lead(case.path_parameters, front)
    case.call_and_validate(
        app=front.app,
        base_url=URL,
        headers={"authorization": front.key},
        checks=[not_a_server_error, status_code_conformance, content_type_conformance],
    )
