"""The HTTP API: every verb of a room over HTTP."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from front_door import Front, open_front
from strongroom.domain.progress import silent

HTML = b"<!doctype html><title>Budget</title><script>alert(1)</script><p>The budget of the harbour office."


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("api") / "room", ocr_model="none", workers=1) as opened:
        room = opened.room
        room.create_container("letters")
        room.upload("letters", "a/note.txt", b"The harbour office asks for an annual report.\n" * 40, content_type="text/plain")
        room.upload("letters", "budget.html", HTML, content_type="text/html")
        out = io.BytesIO()
        Image.new("RGB", (640, 480), "teal").save(out, "PNG")
        room.upload("letters", "teal.png", out.getvalue(), content_type="image/png")
        room.upload("letters", "broken.pdf", b"%PDF-1.7 broken", content_type="application/pdf")
        room.analyze(on_progress=silent)
        yield opened


@pytest.fixture
def client(front: Front) -> TestClient:
    return front.by_key()


def sha_of(client: TestClient, name: str) -> str:
    return str(client.get(f"/api/v1/containers/letters/properties/{name}").json()["sha256"])


def test_a_search_finds_and_says_in_how_much(client: TestClient):
    found = client.get("/api/v1/search", params={"q": "annual report", "limit": 5}).json()
    assert found["hits"][0]["names"][0]["text"] == "letters/a/note.txt"
    assert found["hits"][0]["matches"][0]["marks"]
    assert found["coverage"] == client.get("/api/v1/coverage").json()
    assert sum(found["coverage"].values()) == 4


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "offset=-1", "offset=100001", "q=" + "x" * 4001, "limit=many", "sort=colour"]
)
def test_a_parameter_out_of_its_bounds_is_a_problem_that_names_it(client: TestClient, query: str):
    answer = client.get(f"/api/v1/search?{query}" + ("" if "q=" in query else "&q=x"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-request"
    assert problem["errors"][0]["where"] == f"query.{query.partition('=')[0]}"
    assert problem["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"


def test_a_picture_finds_those_that_look_like_it(client: TestClient):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "PNG")
    found = client.post("/api/v1/similar", files={"picture": ("p.png", out.getvalue())}).json()
    assert found["hits"][0]["names"][0]["blob"] == "teal.png"
    answer = client.get(f"/api/v1/contents/{sha_of(client, 'teal.png')}/similar")
    assert answer.status_code == 200
    assert client.post("/api/v1/similar", files={"picture": ("p.png", b"no picture")}).status_code == 422


def test_a_content_tells_its_card_text_and_pictures(client: TestClient):
    note, teal = sha_of(client, "a/note.txt"), sha_of(client, "teal.png")
    assert client.get(f"/api/v1/contents/{note}").json()["type"] == "text"
    pieces = client.get(f"/api/v1/contents/{note}/text").json()["pieces"]
    assert "harbour" in pieces[0]["text"]
    for path, media_type in (
        ("thumbnail?size=64", "image/jpeg"),
        ("pages/1.png", "image/png"),
        ("pages/1/picture", "image/png"),
    ):
        answer = client.get(f"/api/v1/contents/{teal}/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert Image.open(io.BytesIO(answer.content)).width <= 640
    assert client.get(f"/api/v1/contents/{note}/thumbnail").status_code == 422
    assert client.get(f"/api/v1/contents/{note}/transcript.vtt").status_code == 422
    assert client.get(f"/api/v1/contents/{note}/frame").status_code == 422
    assert client.get(f"/api/v1/contents/{note}/clip.mp4").status_code == 422
    assert client.get(f"/api/v1/contents/{note}/inside").json()["total"] == 0
    assert client.get(f"/api/v1/contents/{note}/renditions/pdf").status_code == 404
    assert client.get(f"/api/v1/contents/{'0' * 64}").status_code == 404
    assert client.get(f"/api/v1/contents/{note.upper()}").status_code == 422


def test_a_text_is_told_by_lines_and_a_table_by_cells(client: TestClient):
    note = sha_of(client, "a/note.txt")
    told = client.get(f"/api/v1/contents/{note}/lines?start=39&count=5").json()
    assert (told["start"], len(told["lines"]), told["more"]) == (39, 2, False)
    client.put("/api/v1/containers/letters/blobs/t.csv", content=b"a,b\n1,2\n")
    for path in ("table", "mail", "near-duplicates", "lines?count=0", "table?rows=2001"):
        assert client.get(f"/api/v1/contents/{note}/{path}").status_code in (200, 422), path


def test_bytes_come_wholly_or_in_part(client: TestClient):
    data = b"The harbour office asks for an annual report.\n" * 40
    url = f"/api/v1/contents/{sha_of(client, 'a/note.txt')}/bytes"
    whole = client.get(url)
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert whole.headers["accept-ranges"] == "bytes"
    end = len(data) - 1
    spans = {"0-9": (0, 9), "5-": (5, end), "-7": (end - 6, end), f"10-{end + 99}": (10, end), "-99999": (0, end)}
    for asked, span in spans.items():
        part = client.get(url, headers={"range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, data[span[0] : span[1] + 1]), asked
        assert part.headers["content-range"] == f"bytes {span[0]}-{span[1]}/{len(data)}"
        assert part.headers["content-length"] == str(span[1] - span[0] + 1)
    for asked in (f"{end + 1}-", "-0"):
        refused = client.get(url, headers={"range": f"bytes={asked}"})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(data)}"), asked
    for asked in ("lines=1-2", "bytes=9-5", "bytes=1-2,5-6", "bytes=-", "bytes=a-b"):
        assert client.get(url, headers={"range": asked}).status_code == 200, asked
    etag = whole.headers["etag"]
    for given in (etag, f'"x", W/{etag}', "*"):
        assert client.get(url, headers={"if-none-match": given}).status_code == 304
    assert client.get(url, headers={"if-none-match": '"x"'}).status_code == 200
    assert client.get(url, headers={"range": "bytes=0-1", "if-range": etag}).status_code == 206
    assert client.get(url, headers={"range": "bytes=0-1", "if-range": '"x"'}).status_code == 200
    head = client.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(data)))


def test_a_blob_is_uploaded_whole_and_started_to_be_read(front: Front, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    started: list[bool] = []
    monkeypatch.setattr(front.app.state.site.work, "start", lambda: started.append(True))
    url = "/api/v1/containers/letters/blobs/new/sheet%20%231%3F.csv"
    made = client.put(url, content=iter([b"a,b\n", b"1,2\n"]), headers={"content-type": "text/csv"})
    assert (made.status_code, made.json()["name"], made.json()["size"]) == (201, "new/sheet #1?.csv", 8)
    assert started == [True]
    assert client.put(url + "?overwrite=false", content=b"x").status_code == 412
    assert client.get(url).content == b"a,b\n1,2\n"
    assert client.put("/api/v1/containers/nowhere/blobs/a", content=b"x").status_code == 404
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_a_blob_comes_in_parts_and_goes_on_where_it_broke_off(client: TestClient):
    url = "/api/v1/containers/letters/uploads/film.mov"
    assert client.get(url).json() == {"blocks": {}}
    assert client.put(url, params={"block": "MDAx"}, content=b"one").json() == {"block": "MDAx", "size": 3}
    assert client.put(url, params={"block": "MDAy"}, content=b"two").status_code == 201
    assert client.get(url).json() == {"blocks": {"MDAx": 3, "MDAy": 3}}
    assert client.put(url, params={"block": "longer=="}, content=b"x").status_code == 400
    assert client.post(url, json={"blocks": ["MDAx", "MDAz"]}).status_code == 400
    made = client.post(url, params={"type": "video/quicktime"}, json={"blocks": ["MDAx", "MDAy"]})
    assert (made.status_code, made.json()["size"], made.json()["content_type"]) == (201, 6, "video/quicktime")
    client.delete("/api/v1/containers/letters/blobs/film.mov")


def test_a_container_is_listed_by_folder_and_page_by_page(client: TestClient):
    top = client.get("/api/v1/containers/letters/blobs", params={"folded": True, "limit": 2}).json()
    rest = client.get("/api/v1/containers/letters/blobs", params={"folded": True, "limit": 200, "after": top["next"]}).json()
    assert json.dumps(top).count('"a/"') == 1
    assert "teal.png" in json.dumps(rest)
    assert "teal.png" not in json.dumps(top)


def test_tags_metadata_and_rules_are_changed(client: TestClient):
    for what in ("tags", "metadata"):
        answer = client.put(f"/api/v1/containers/letters/{what}/a/note.txt", json={"case": "7"})
        assert (answer.status_code, answer.json()[what]) == (200, {"case": "7"})
    assert client.put("/api/v1/containers/letters/metadata/a/note.txt", json={"not a name": "7"}).status_code == 400
    ruled = client.patch("/api/v1/containers/letters", json={"add_holds": ["case7"]})
    assert ruled.json()["legal_holds"] == ["case7"]
    assert client.delete("/api/v1/containers/letters/blobs/a/note.txt").status_code == 409
    assert client.delete("/api/v1/containers/letters?confirm=letters").status_code == 409
    assert client.patch("/api/v1/containers/letters", json={"clear_holds": ["case7"]}).json()["legal_holds"] == []


def test_a_container_is_deleted_only_by_its_name_and_comes_back(front: Front, client: TestClient):
    front.room.keep_deleted(container_days=7)
    assert client.post("/api/v1/containers", json={"name": "drafts"}).status_code == 201
    assert client.post("/api/v1/containers", json={"name": "drafts"}).status_code == 409
    assert client.post("/api/v1/containers", json={"name": "No!"}).status_code == 400
    assert client.delete("/api/v1/containers/drafts").status_code == 422
    assert client.delete("/api/v1/containers/drafts?confirm=letters").status_code == 404
    assert client.get("/api/v1/containers/drafts").status_code == 200
    assert client.delete("/api/v1/containers/drafts?confirm=drafts").status_code == 204
    assert client.get("/api/v1/containers/drafts").status_code == 404
    assert client.post("/api/v1/containers/drafts/restore").status_code == 200


def test_a_folder_is_mounted(client: TestClient, tmp_path: Path):
    (tmp_path / "a.txt").write_text("mounted")
    made = client.post("/api/v1/containers/mounts", json={"name": "archive", "url": str(tmp_path)})
    assert (made.status_code, made.json()["added"]) == (201, 1)
    assert client.put("/api/v1/containers/archive/blobs/b", content=b"x").status_code == 400
    assert client.post("/api/v1/containers/mounts", json={"name": "gone", "url": str(tmp_path / "no")}).status_code == 400


def test_what_failed_is_told_and_read_again(client: TestClient):
    failures = client.get("/api/v1/failures").json()
    assert "letters/broken.pdf" in json.dumps(failures)
    assert client.post("/api/v1/failures/retry", json={"names": ["letters/broken.pdf"]}).json() == {"contents": 1}
    assert client.post("/api/v1/failures/retry", json={"names": ["letters/none"]}).status_code == 404


def test_the_room_tells_of_itself(client: TestClient):
    assert client.get("/api/v1/status").json()["containers"][0]["container"]["name"]
    assert client.get("/api/v1/check").json() == {"faults": []}
    assert client.get("/api/v1/growth?by=type").status_code == 200
    rule = {"name": "old", "enabled": True, "type": "Lifecycle"}
    rule["definition"] = {
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 3650}}},
        "filters": {"blobTypes": ["blockBlob"]},
    }
    assert client.put("/api/v1/lifecycle", json={"rules": [rule]}).json() == {"rules": 1}
    assert client.get("/api/v1/lifecycle").json()["rules"][0]["name"] == "old"
    assert client.post("/api/v1/lifecycle/run").status_code == 200
    assert client.put("/api/v1/lifecycle", json={"rules": "none"}).status_code == 400


def test_what_is_kept_is_told(client: TestClient):
    assert client.put("/api/v1/retention", json={"blobs": 3}).json()["blobs"] == 3
    assert client.put("/api/v1/retention", json={"blobs": 366}).status_code == 422
    assert client.put("/api/v1/retention", json={}).json()["blobs"] == 3
    assert client.get("/api/v1/retention/containers").status_code == 200
    assert client.get("/api/v1/changes?since=2026-01-01T00:00:00Z&limit=5").json() == []
    assert client.get("/api/v1/changes?since=2026-01-01T00:00:00").status_code == 400
    for form in ("csv", "json", "parquet"):
        table = client.get(f"/api/v1/containers/letters/inventory.{form}")
        assert (table.status_code, len(table.content)) == (200, int(table.headers["content-length"])), form
        assert b"note.txt" in table.content
        assert table.headers["content-disposition"].startswith("attachment")
    assert client.get("/api/v1/containers/letters/inventory.exe").status_code == 422


def test_a_question_is_answered_at_once_or_as_events(client: TestClient):
    question = {"question": "Who asks for an annual report?", "history": [{"question": "Hello?", "answer": "Yes."}]}
    answer = client.post("/api/v1/ask", json=question).json()
    assert answer["found"]
    assert answer["sentences"][0]["citations"][0]["name"]["text"] == "letters/a/note.txt"
    events = client.post("/api/v1/ask", json=question, headers={"accept": "text/event-stream"})
    assert events.headers["content-type"].startswith("text/event-stream")
    assert [line for line in events.text.splitlines() if line.startswith("event:")][-1] == "event: answered"
    assert client.post("/api/v1/ask", json={"question": " "}).status_code == 400


def test_users_and_keys_are_made_and_ended(client: TestClient, front: Front):
    made = client.post("/api/v1/users", json={"name": "ann", "role": "editor", "containers": ["letters"]})
    assert (made.status_code, made.json()["containers"]) == (201, ["letters"])
    assert client.put("/api/v1/users/ann/password", json={"password": "short"}).status_code == 400
    assert client.put("/api/v1/users/ann/password", json={"password": "a long enough one"}).status_code == 204
    assert [user["has_password"] for user in client.get("/api/v1/users").json()] == [True]
    key = client.post("/api/v1/users/ann/keys", json={"label": "export", "days": 7}).json()
    secret = {"authorization": f"Bearer {key['secret']}"}
    assert front.anybody().get("/api/v1/session", headers=secret).json()["actor"] == "ann"
    assert key["secret"] not in client.get("/api/v1/keys").text
    assert client.delete(f"/api/v1/keys/{key['key']['id']}").status_code == 204
    assert client.delete(f"/api/v1/keys/{key['key']['id']}").status_code == 404
    link = client.post("/api/v1/users/ann/link").json()
    assert front.anybody().get(link["path"]).status_code == 303
    assert client.delete("/api/v1/users/ann").status_code == 204
    assert client.delete("/api/v1/users/ann").status_code == 404


def test_the_document_describes_every_route(front: Front, client: TestClient):
    document = client.get("/api/v1/openapi.json").json()
    described = {(path, method) for path, verbs in document["paths"].items() for method in verbs}
    assert len(described) > 45
    for path, verbs in document["paths"].items():
        for method, verb in verbs.items():
            assert verb["summary"], path
            assert verb["description"], (path, method)
            assert all(parameter.get("description") for parameter in verb.get("parameters", [])), (path, method)
            faults = [told["content"] for status, told in verb["responses"].items() if int(status) >= 400]
            schemas = [one["application/problem+json"]["schema"]["$ref"] for one in faults]
            assert set(schemas) == {"#/components/schemas/ProblemDetails"}
