"""What lies inside archives and messages, in place: a folder beside each, which is only read."""

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from front_door import Front, open_front

DIARY = b"The ferry came late in March.\n"


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("inside")
    with open_front(folder / "room", ocr_model="none", entity_model="none", workers=1) as opened:
        opened.room.create_container("letters")
        inner = packed({"deep.txt": b"deep"})
        pack = packed({"diary/march.md": DIARY, "read me.txt": b"first", "old/inner.zip": inner})
        opened.room.upload("letters", "box/pack.zip", pack)
        opened.room.upload("letters", "box/plain.txt", b"no archive")
        opened.room.upload("letters", "wow!/note.txt", b"a folder of that name")
        opened.room.analyze()
        opened.room.add_user("outsider", containers=[])
        yield opened


def listed(client: TestClient, path: str) -> set[str]:
    answer = client.request("PROPFIND", path, headers={"depth": "1"})
    assert answer.status_code == 207, answer.text
    found = [unquote(one.text or "") for one in ET.fromstring(answer.content).iter("{DAV:}href")]
    return {one.rstrip("/").rpartition("/")[2] for one in found if one.rstrip("/") != unquote(path).rstrip("/")}


def test_an_archive_is_a_folder_beside_itself(front: Front):
    client = front.by_key()
    assert listed(client, "/dav/letters/box") == {"pack.zip", "pack.zip!", "plain.txt"}
    assert listed(client, "/dav/letters/box/pack.zip!") == {"diary", "read me.txt", "old"}
    assert listed(client, "/dav/letters/box/pack.zip!/diary") == {"march.md"}
    answer = client.get("/dav/letters/box/pack.zip!/diary/march.md", headers={"range": "bytes=4-8"})
    assert (answer.status_code, answer.content) == (206, DIARY[4:9])


def test_archives_within_archives_open_as_well(front: Front):
    client = front.by_key()
    assert listed(client, "/dav/letters/box/pack.zip!/old") == {"inner.zip", "inner.zip!"}
    assert listed(client, "/dav/letters/box/pack.zip!/old/inner.zip!") == {"deep.txt"}
    assert client.get("/dav/letters/box/pack.zip!/old/inner.zip!/deep.txt").content == b"deep"


def test_a_folder_whose_name_ends_so_is_that_folder(front: Front):
    assert listed(front.by_key(), "/dav/letters/wow!") == {"note.txt"}


@pytest.mark.parametrize(
    "path", ["box/pack.zip!/none.txt", "box/plain.txt!/x", "box/none.zip!", "box/none.zip!/x", "box/pack.zip!/diary/none", "!"]
)
def test_what_is_not_inside_is_not_there(front: Front, path: str):
    assert front.by_key().request("PROPFIND", f"/dav/letters/{path}", headers={"depth": "0"}).status_code == 404


def test_only_who_may_read_the_archive_reads_what_is_in_it(front: Front):
    client = front.by_key("outsider")
    for path in ("box/pack.zip!", "box/pack.zip!/diary/march.md"):
        assert client.request("PROPFIND", f"/dav/letters/{path}", headers={"depth": "0"}).status_code == 404


def test_nothing_inside_is_written(front: Front):
    client = front.by_key()
    for method in ("PUT", "DELETE", "MKCOL"):
        answer = client.request(method, "/dav/letters/box/pack.zip!/new.txt")
        assert answer.status_code in (403, 404, 405), method
    assert listed(client, "/dav/letters/box/pack.zip!") == {"diary", "read me.txt", "old"}
