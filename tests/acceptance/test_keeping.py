"""Containers, lifecycle rules, the change feed and inventories, as people type them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import strongroom
from strongroom.cli.main import run
from strongroom.domain.settings import PREFIX
from strongroom.flows.inventory import COLUMNS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def strong(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on a room with two letters, whose changes are written down."""
    monkeypatch.setenv(f"{PREFIX}CHANGE_FEED", "true")
    monkeypatch.setenv("COLUMNS", "200")
    place = tmp_path / "room"
    strongroom.init(place).close()
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name, "utf-8")

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*words, "--room", str(place)])
        out, err = capsys.readouterr()
        return code, out, err

    assert call("add", str(tmp_path / "one.txt"), str(tmp_path / "two.txt"), "--to", "letters", "--later", "-q")[0] == 0
    return call


def test_a_container_takes_rules_and_tells_them(strong: Run):
    code, out, _ = strong("container", "set", "letters", "--versions", "on", "--public", "blob", "--hold", "case17")
    assert (code, "case17" in out) == (0, True)
    document = json.loads(strong("container", "show", "letters", "--json")[1])
    assert (document["container"]["keeps_versions"], document["container"]["public"]) == (True, "blob")
    assert "case17" in strong("container", "list")[1]
    assert strong("container", "set", "letters", "--versions", "maybe")[0] == 2
    assert strong("container", "set", "letters")[0] == 2
    assert strong("container", "set", "--versions", "on")[0] == 2
    assert strong("container", "show", "none")[0] == 3


def test_what_is_held_is_not_deleted_and_what_is_deleted_comes_back(strong: Run):
    strong("container", "set", "letters", "--immutable-days", "5", "--keep-deleted-containers", "3")
    code, _, err = strong("container", "delete", "letters")
    assert (code, "immutability policy" in err) == (4, True)
    strong("container", "set", "letters", "--immutable-days", "0")
    code, out, _ = strong("container", "delete", "letters")
    assert (code, "brings it back for 3 days" in out) == (0, True)
    assert "letters" in strong("container", "list", "--deleted")[1]
    assert strong("list", "letters")[0] == 3
    assert strong("container", "restore", "letters", "--as", "old-letters")[0] == 0
    assert "one.txt" in strong("list", "old-letters")[1]
    assert strong("container", "restore", "letters")[0] == 3


def test_days_that_are_locked_become_no_fewer(strong: Run):
    assert strong("container", "set", "letters", "--immutable-days", "5", "--lock")[0] == 0
    assert strong("container", "set", "letters", "--immutable-days", "4")[0] == 4
    assert strong("container", "set", "letters", "--immutable-days", "6")[0] == 0


def test_rules_of_the_lifecycle_are_set_tried_and_run(strong: Run, tmp_path: Path):
    definition = {
        "filters": {"prefixMatch": ["letters/one"]},
        "actions": {"baseBlob": {"delete": {"daysAfterCreationGreaterThan": 0}}},
    }
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"name": "old", "definition": definition}]}), "utf-8")
    assert strong("lifecycle", "set", str(rules))[0] == 0
    assert json.loads(strong("lifecycle", "show")[1])["rules"][0]["name"] == "old"
    code, out, _ = strong("lifecycle", "run", "--dry-run")
    assert (code, "letters/one.txt: delete" in out) == (0, True)
    assert json.loads(strong("lifecycle", "run", "--json")[1]) == {"done": {"delete": 1}, "left": 0, "dry_run": False}
    assert "one.txt" not in strong("list", "letters")[1]
    rules.write_text("{", "utf-8")
    assert strong("lifecycle", "set", str(rules))[0] == 2


def test_changes_tell_what_happened(strong: Run):
    lines = [json.loads(line) for line in strong("changes", "--json")[1].splitlines()]
    assert [(one["event"], one["name"]) for one in lines] == [("BlobCreated", "one.txt"), ("BlobCreated", "two.txt")]
    assert strong("changes", "--since", "2999-01-01")[1] == ""
    assert strong("changes", "--since", "yesterday")[0] == 2


def test_an_inventory_has_the_columns_of_azure_in_every_form(strong: Run, tmp_path: Path):
    for ending in ("csv", "json", "parquet"):
        assert strong("inventory", "letters", "-o", str(tmp_path / f"list.{ending}"))[0] == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text("utf-8"))))
    table = pq.read_table(tmp_path / "list.parquet")
    lines = [json.loads(line) for line in (tmp_path / "list.json").read_text("utf-8").splitlines()]
    assert [row["Name"] for row in rows] == table["Name"].to_pylist() == [line["Name"] for line in lines]
    assert (list(rows[0]), table.column_names) == (list(COLUMNS), list(COLUMNS))
    assert rows[0]["Content-Length"] == "7" == str(table["Content-Length"][0].as_py())
    assert strong("inventory", "letters", "--csv", "--json")[0] == 2
    assert strong("inventory", "letters", "-o", str(tmp_path / "list.xlsx"))[0] == 2
