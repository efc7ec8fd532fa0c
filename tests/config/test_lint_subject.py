"""Sections joined with what became of them."""

from pathlib import Path

from config.build import load_text
from vigild.config.lint_subject import Subject, subject_of


def subject(folder: Path, text: str) -> Subject:
    loaded = load_text(folder, text)
    assert loaded.draft is not None
    return subject_of(loaded.draft.path, loaded.document, loaded.draft, {})


def test_a_program_has_its_processes_wherever_its_group_is(tmp_path: Path) -> None:
    text = "[program:p]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n[group:g]\nprograms=p\n[program:none]\n"
    found = subject(tmp_path, text).programs

    assert [(program.section.name, len(program.processes)) for program in found] == [
        ("program:p", 2),
        ("program:none", 0),
    ]


def test_a_finding_stands_at_its_option_or_at_the_header(tmp_path: Path) -> None:
    looked_at = subject(tmp_path, "[DEFAULT]\npriority=5\n[program:p]\ncommand=x\n")
    (program,) = looked_at.programs

    assert [
        program.finding("info", "V201", option, "").where.line
        for option in ("command", "priority", "user", None)
    ] == [4, 2, 3, 3]
    places = [
        looked_at.finding("info", "V201", "program:p", option, "").where.line
        for option in ("command", "user", None)
    ]
    assert places == [4, 3, 3]
    assert looked_at.entry("no such section", "command") is None
