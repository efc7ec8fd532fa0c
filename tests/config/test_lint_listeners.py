"""Advice about event listeners."""

from pathlib import Path

from config.build import advice

SAMPLE = "import sys\nheaders = {'len': '3'}\ndata = sys.stdin.read(int(headers['len']))\n"
SECTION = "[eventlistener:ear]\ncommand=python3 {script}\nevents=PROCESS_LOG\n"


def listener(folder: Path, code: str = SAMPLE, name: str = "ear.py", more: str = "") -> str:
    (folder / name).write_text(code)
    return SECTION.format(script=folder / name) + more


def test_a_listener_that_reads_characters_is_told_of(tmp_path: Path) -> None:
    (found,) = advice(tmp_path, listener(tmp_path), "V214")
    assert "length_in_characters=true" in found.hint
    relative = SECTION.format(script="ear.py") + f"directory={tmp_path}\n"
    assert len(advice(tmp_path, relative, "V214")) == 1


def test_others_are_left_alone(tmp_path: Path) -> None:
    for text in (
        listener(tmp_path, more="length_in_characters=true\n"),
        listener(tmp_path, SAMPLE.replace("stdin.", "stdin.buffer."), name="bytes.py"),
        listener(tmp_path).replace("[eventlistener:ear]", "[program:ear]"),
        SECTION.format(script="/no/such/script"),
        SECTION.format(script="'an open quote"),
        SECTION.format(script="x") + "numprocs=0\n",
    ):
        assert advice(tmp_path, text, "V214") == []


def test_off_is_off(tmp_path: Path) -> None:
    assert len(advice(tmp_path, listener(tmp_path, more="length_in_characters=off\n"), "V214")) == 1
