"""What roles may do, and how passwords are kept."""

import re
from pathlib import Path

import pytest

import strongroom.room
from strongroom.errors import UsageError
from strongroom.governance import passwords
from strongroom.governance.members import EVERYTHING, FILLS, READS


def test_every_verb_of_a_room_is_known_to_the_roles():
    folder = Path(strongroom.room.__file__).parent
    asked = {action for file in folder.glob("*.py") for action in re.findall(r'scope\("(\w+)"\)', file.read_text("utf-8"))}
    assert asked <= EVERYTHING, f"say in governance/members.py who may {asked - EVERYTHING}"
    assert len(asked) > 20


def test_whoever_reads_changes_nothing_and_whoever_fills_neither_deletes_nor_rules():
    assert READS < FILLS < EVERYTHING
    assert not READS & {"add", "upload", "tag", "analyze", "retry", "create_container", "delete", "manage", "mount", "check"}
    assert not FILLS & {"delete", "manage", "mount", "check"}


def test_a_password_fits_only_itself():
    kept = passwords.hashed("a sentence of my own")
    assert kept.startswith("$argon2id$")
    assert "sentence" not in kept
    assert kept != passwords.hashed("a sentence of my own")
    assert passwords.fits(kept, "a sentence of my own")
    for wrong in ("", "a sentence of my", "a sentence of my own ", "x" * 5000):
        assert not passwords.fits(kept, wrong)
        assert not passwords.fits(None, wrong)
    assert not passwords.fits(None, "nobody has this password")
    assert not passwords.fits("no hash", "a sentence of my own")


@pytest.mark.parametrize("password", ["", "ninechars", "x" * 1001])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str):
    with pytest.raises(UsageError, match="10 to 1,000 characters"):
        passwords.hashed(password)
