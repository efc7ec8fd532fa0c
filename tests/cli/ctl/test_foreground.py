"""fg: output as it comes, typed lines as input."""

from collections.abc import Iterator

import pytest

from cli.ctl.conftest import Desk
from support.until import until
from vigild.cli.ctl import foreground


def typed(desk: Desk, monkeypatch: pytest.MonkeyPatch, *lines: str, shown: str = "") -> None:
    pending: Iterator[str] = iter(lines)

    def read(_prompt: str = "") -> str:
        until(lambda: shown in desk.out.getvalue(), what=f"{shown!r} to be shown")
        line = next(pending, None)
        if line is None:
            raise EOFError
        return line

    monkeypatch.setattr("builtins.input", read)


def test_lines_go_in_and_output_comes_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.daemon.streams.update({"/logtail/cat/stdout": [b"out\n"], "/logtail/cat/stderr": []})
    typed(desk, monkeypatch, "hello", "größe", shown="out\n")
    foreground.do_fg(desk.ctl, "cat")
    assert desk.daemon.named("supervisor.sendProcessStdin") == [("cat", "hello\n"), ("cat", "größe\n")]
    said = desk.out.getvalue()
    assert said.startswith("==> Press Ctrl-C to exit <==\n")
    assert said.endswith("Exiting foreground\n")


def test_process_that_ended_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.daemon.streams.update({"/logtail/cat/stdout": [], "/logtail/cat/stderr": []})
    typed(desk, monkeypatch, "hello")
    infos = iter(("RUNNING", "EXITED"))
    numbers = {"RUNNING": 20, "EXITED": 100}
    ask = desk.daemon.methods["supervisor.getProcessInfo"]
    desk.daemon.methods["supervisor.getProcessInfo"] = lambda name: {
        **ask(name),
        "state": numbers[next(infos)],
    }  # type: ignore[dict-item]
    foreground.do_fg(desk.ctl, "cat")
    assert desk.out.getvalue().endswith("Process got killed\nExiting foreground\n")


@pytest.mark.parametrize(("code", "text"), [(70, "Process got killed"), (20, "ERROR: <Fault 20: 'NO_FILE'>")])
def test_refused_input_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch, code: int, text: str) -> None:
    from cli.ctl.scenes import raises

    desk.daemon.streams.update({"/logtail/cat/stdout": [], "/logtail/cat/stderr": []})
    desk.daemon.methods["supervisor.sendProcessStdin"] = raises(code)
    typed(desk, monkeypatch, "hello")
    foreground.do_fg(desk.ctl, "cat")
    assert desk.out.getvalue().endswith(f"{text}\nExiting foreground\n")
