"""The daemon's own log."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from vigild.host import mainlog
from vigild.host.mainlog import LEVELS, MAX_EARLY_MESSAGES, MainLog
from vigild.host.syslog import Syslog


def test_lines_look_as_supervisors_do(tmp_path: Path) -> None:
    log = MainLog()
    path = tmp_path / "log"
    log.open(str(path), 0, 0, level="blather", to_stdout=False)
    for level in LEVELS:
        getattr(log, level)(f"told as {level}")
    log.close()
    lines = path.read_text().splitlines()
    tags = []
    for line in lines:
        match = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]{4}) told as \w+", line)
        assert match, line
        tags.append(match[1])
    assert tags == ["CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"]


def test_only_the_level_and_above(tmp_path: Path) -> None:
    log = MainLog()
    log.debug("early, too low")
    log.open(str(tmp_path / "log"), 0, 0, level="warn", to_stdout=False)
    log.info("too low")
    log.warn("high enough")
    log.close()
    assert (tmp_path / "log").read_text().count("\n") == 1


def test_messages_from_before_the_log_is_open_are_kept_bounded(tmp_path: Path) -> None:
    log = MainLog()
    for number in range(MAX_EARLY_MESSAGES + 5):
        log.info(f"early {number}")
    log.open(str(tmp_path / "log"), 0, 0, level="info", to_stdout=False)
    log.info("later")
    log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == MAX_EARLY_MESSAGES + 1
    assert lines[0].endswith("early 5")


def test_it_rotates_reopens_and_clears(tmp_path: Path) -> None:
    log = MainLog()
    path = tmp_path / "log"
    log.open(str(path), 200, 1, level="info", to_stdout=False)
    for _ in range(6):
        log.info("x" * 50)
    assert (tmp_path / "log.1").exists()
    path.rename(tmp_path / "moved")
    log.reopen()
    log.info("anew")
    assert "anew" in path.read_text()
    log.clear()
    assert path.read_text() == ""
    assert log.path == str(path)
    log.close()


def test_a_log_that_cannot_be_opened_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot open the log file .*/gone/log: No such file or directory"):
        MainLog().open(str(tmp_path / "gone" / "log"), 0, 0, level="info", to_stdout=False)


def test_text_that_is_no_utf_8_does_not_stop_it(tmp_path: Path) -> None:
    log = MainLog()
    log.open(str(tmp_path / "log"), 0, 0, level="info", to_stdout=False)
    log.info("bad \udcff")
    log.close()
    assert (tmp_path / "log").read_text().endswith("bad \\udcff\n")


def test_in_the_foreground_it_goes_to_stdout_too(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom vigild.host.mainlog import MainLog\nlog = MainLog()\n"
        "log.open(sys.argv[1], 0, 0, level='info', to_stdout=True)\nlog.info('hello')\nlog.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")], capture_output=True, check=True
    )
    assert done.stdout == (tmp_path / "log").read_bytes()
    assert done.stdout.endswith(b" INFO hello\n")


def test_syslog_gets_each_line_of_a_message(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(short_tmp / "log")
    monkeypatch.setattr(mainlog, "Syslog", lambda: Syslog("supervisord", path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        log = MainLog()
        log.open("syslog", 0, 0, level="info", to_stdout=False)
        log.info("one\ntwo")
        assert log.path is None
        assert re.search(rb" supervisord: [\d-]+ [\d:,]+ INFO one$", server.recv(1000))
        assert server.recv(1000).endswith(b" supervisord: two")
        log.close()


def test_what_a_slow_terminal_has_not_taken_is_tried_once_more(tmp_path: Path) -> None:
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    log = MainLog()
    log.open(path, 0, 0, level="info", to_stdout=False)
    log.info("a" * 60_000)
    log.info("b" * 60_000)
    seen = os.read(reader, 1 << 20)
    log.flush()
    seen += os.read(reader, 1 << 20)
    assert seen.endswith(b"b\n")
    assert seen.count(b"b") == 60_000
    log.close()
    os.close(reader)
