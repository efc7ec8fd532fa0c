"""What names in `depends_on` stand for, across groups and numprocs; and what is refused, where, with what hint."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.diff import diff_groups

P = "[program:{0}]\ncommand=/bin/cat\n"


def programs(*names: str) -> str:
    return "".join(P.format(name) for name in names)


def targets_of(
    folder: Path, text: str, group: str = "web", process: str = "web"
) -> dict[str, tuple[str, ...]]:
    config = config_of(load_text(folder, text))
    (found,) = (
        item
        for owner in config.groups
        for item in owner.processes
        if (owner.name, item.name) == (group, process)
    )
    return {str(dependency): dependency.targets for dependency in found.depends_on}


@pytest.mark.parametrize(
    ("rest", "word", "targets"),
    [
        (programs("db"), "db", ("db:*",)),
        (programs("db"), "db:db", ("db:db",)),
        (programs("db"), "db:*", ("db:*",)),
        (programs("db"), "db:", ("db:*",)),
        (P.format("w") + "numprocs=2\nprocess_name=w%(process_num)d\n", "w", ("w:*",)),
        (P.format("w") + "numprocs=2\nprocess_name=w%(process_num)d\n", "w:w1", ("w:w1",)),
        (programs("a", "b") + "[group:g]\nprograms=a,b\n", "g", ("g:*",)),
        (programs("a", "b") + "[group:g]\nprograms=a,b\n", "a", ("g:a",)),
        (programs("g", "b") + "[group:g]\nprograms=g,b\n", "g", ("g:g",)),
        (programs("g", "b") + "[group:g]\nprograms=g,b\n", "g:*", ("g:*",)),
        (
            P.format("w")
            + "numprocs=2\nprocess_name=w%(process_num)d\n"
            + programs("b")
            + "[group:g]\nprograms=w,b\n",
            "w",
            ("g:w0", "g:w1"),
        ),
        (P.format("w") + "numprocs=0\n", "w", ("w:*",)),
        ("[eventlistener:ears]\ncommand=/bin/cat\nevents=TICK_5\n", "ears", ("ears:*",)),
        ("[fcgi-program:php]\ncommand=/bin/cat\nsocket=tcp://localhost:1\n", "php", ("php:*",)),
    ],
)
def test_a_name_is_a_program_a_group_or_a_process(
    tmp_path: Path, rest: str, word: str, targets: tuple[str, ...]
) -> None:
    found = targets_of(tmp_path, P.format("web") + f"depends_on={word}\n" + rest)
    assert list(found.values()) == [targets]


def test_every_kind_of_program_may_depend(tmp_path: Path) -> None:
    text = (
        "[eventlistener:ears]\ncommand=/bin/cat\nevents=TICK_5\ndepends_on=db\n"
        "[fcgi-program:php]\ncommand=/bin/cat\nsocket=tcp://localhost:1\ndepends_on=db:started\n"
    ) + programs("db")
    assert targets_of(tmp_path, text, "ears", "ears") == {"db:running": ("db:*",)}
    assert targets_of(tmp_path, text, "php", "php") == {"db:started": ("db:*",)}


@pytest.mark.parametrize(
    ("word", "guess"),
    [
        ("dbb", "did you mean db? "),
        ("db:runing", "did you mean db:running? "),
        ("db:dc", "did you mean db:db? "),
        ("nothing", ""),
        ("other:running", ""),
    ],
)
def test_an_unknown_name_is_refused_at_its_line(tmp_path: Path, word: str, guess: str) -> None:
    found = only(load_text(tmp_path, P.format("web") + f"depends_on={word}\n" + programs("db")), "V016")
    assert (found.severity, found.where.line, found.section, found.option) == (
        "error",
        3,
        "program:web",
        "depends_on",
    )
    assert found.hint.startswith(guess + "a dependency is")


@pytest.mark.parametrize(
    ("edges", "path"),
    [
        ({"a": "b", "b": "c", "c": "a"}, "a -> b -> c -> a"),
        ({"a": "b", "b": "a", "c": "a"}, "a -> b -> a"),
        ({"c": "b", "b": "c"}, "b -> c -> b"),
    ],
)
def test_a_cycle_is_refused_with_its_path(tmp_path: Path, edges: dict[str, str], path: str) -> None:
    text = "".join(P.format(name) + f"depends_on={other}\n" for name, other in edges.items())
    text += programs(*({"a", "b", "c"} - set(edges)))
    found = only(load_text(tmp_path, text), "V017")
    assert (found.severity, found.text) == ("error", f"these wait for one another: {path}")
    assert found.option == "depends_on"


@pytest.mark.parametrize("word", ["web", "web:web", "web:*"])
def test_nothing_waits_for_itself(tmp_path: Path, word: str) -> None:
    found = only(load_text(tmp_path, P.format("web") + f"depends_on={word}\n"), "V017")
    assert (found.where.line, found.text) == (3, "waits for itself: web -> web")


def test_a_cycle_may_lead_through_a_group(tmp_path: Path) -> None:
    text = P.format("a") + "depends_on=g\n" + P.format("b") + "depends_on=a\n" + programs("c")
    found = only(load_text(tmp_path, text + "[group:g]\nprograms=b,c\n"), "V017")
    assert found.text == "these wait for one another: a -> g:b -> a"


def test_a_changed_dependency_is_a_change(tmp_path: Path) -> None:
    def groups(option: str) -> tuple[object, ...]:
        return config_of(load_text(tmp_path, programs("db", "web") + option)).groups

    assert diff_groups(groups(""), groups("depends_on=db"))[1] == ["web"]  # type: ignore[arg-type]
    assert diff_groups(groups("depends_on=db"), groups("depends_on=db:ready"))[1] == ["web"]  # type: ignore[arg-type]
    assert diff_groups(groups("depends_on=db"), groups("depends_on=db:running"))[1] == []  # type: ignore[arg-type]


def test_more_processes_of_a_dependency_are_no_change_of_its_dependants(tmp_path: Path) -> None:
    def groups(number: int) -> tuple[object, ...]:
        many = P.format("w") + f"numprocs={number}\nprocess_name=w%(process_num)d\n"
        return config_of(load_text(tmp_path, many + P.format("web") + "depends_on=w\n")).groups

    assert diff_groups(groups(1), groups(2))[1] == ["w"]  # type: ignore[arg-type]
