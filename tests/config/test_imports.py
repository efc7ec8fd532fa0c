from pathlib import Path

import pytest

from vigild.config.imports import why_not_importable


def test_what_can_be_imported() -> None:
    assert why_not_importable("os.path:join") == ""
    assert why_not_importable("collections:OrderedDict.fromkeys [extra]") == ""
    assert why_not_importable("os") == ""


def test_what_cannot_is_told_with_the_reason() -> None:
    assert "no_such_module" in why_not_importable("no_such_module:x")
    assert "no_such_name" in why_not_importable("os:no_such_name")
    assert why_not_importable("") != ""


def test_a_module_that_breaks_while_it_is_imported_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, code, words in (
        ("old_python", "print 'hello'", "SyntaxError: "),
        ("leaves", "raise SystemExit(3)", "SystemExit: 3"),
        ("silent", "raise ValueError", "ValueError"),
    ):
        (tmp_path / f"{name}.py").write_text(code)
        assert why_not_importable(f"{name}:handler").startswith(words)
