"""Tokens on disk."""

import os
import stat
from pathlib import Path

import pytest

from vigild.core.access import Role
from vigild.core.tokens import Token
from vigild.host.token_file import TokenFile

ONE = Token("a1", "ci", Role.OPERATOR, "d" * 64, 1.5, "ann", 9.0, ("web:*",), 2.5)


def test_what_is_saved_is_loaded_and_for_its_owner_only(tmp_path: Path) -> None:
    file = TokenFile(str(tmp_path / "state" / "tokens.json"))
    assert file.load() == []
    file.save([ONE])
    (tmp_path / "state" / "tokens.json.new").write_text("left by a crash")
    file.save([ONE, Token("b2", "x", Role.VIEWER, "", 0.0)])
    assert [token.id for token in file.load()] == ["a1", "b2"]
    assert file.load()[0] == ONE
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600
    assert os.listdir(tmp_path / "state") == ["tokens.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 9}', '{"format": 1, "tokens": [{"id": "a"}]}', '{"format": 1, "tokens": [1]}',
     '{"format": 1, "tokens": [{"id": "a", "role": "king", "programs": []}]}',
     '{"format": 1, "tokens": [{"id": "a", "role": "viewer", "programs": 1}]}'],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        TokenFile(str(tmp_path / "t")).load()


def test_a_file_that_others_may_write_to_is_refused_and_a_link_not_followed(tmp_path: Path) -> None:
    file = TokenFile(str(tmp_path / "t"))
    file.save([ONE])
    os.chmod(file.path, 0o622)
    with pytest.raises(ValueError, match="may write to it"):
        file.load()
    (tmp_path / "link").symlink_to(file.path)
    with pytest.raises(OSError, match=r".+"):
        TokenFile(str(tmp_path / "link")).load()
