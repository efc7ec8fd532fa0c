"""The kernel's counter of kills for want of memory."""

from pathlib import Path

from vigild.host.store.oom import oom_kills


def test_the_counter_of_the_own_group(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("0::/system.slice/vigil.service\n")
    group = tmp_path / "system.slice" / "vigil.service"
    group.mkdir(parents=True)
    (group / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    assert oom_kills(str(tmp_path / "cgroup"), str(tmp_path)) == 2


def test_where_there_is_none(tmp_path: Path) -> None:
    assert oom_kills(str(tmp_path / "missing"), str(tmp_path)) is None
    (tmp_path / "cgroup").write_text("3:memory:/docker/abc\n")
    assert oom_kills(str(tmp_path / "cgroup"), str(tmp_path)) is None
    (tmp_path / "cgroup").write_text("0::/\n")
    assert oom_kills(str(tmp_path / "cgroup"), str(tmp_path)) is None
    (tmp_path / "memory.events").write_text("oom 3\n")
    assert oom_kills(str(tmp_path / "cgroup"), str(tmp_path)) is None
