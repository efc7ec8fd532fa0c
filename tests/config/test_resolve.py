"""The resolver that all sections share."""

from pathlib import Path

from config.build import load_text
from config.corpus_support import DebianAccounts
from vigild.config.accounts import Surroundings
from vigild.config.ini import read_text
from vigild.config.options import GROUP, PROGRAM
from vigild.config.resolve import Resolver


def resolver_of(text: str) -> Resolver:
    return Resolver(read_text(text, "f"), "/here", Surroundings({"A": "1"}, DebianAccounts(), "box", uid=0))


def test_a_value_is_expanded_and_converted() -> None:
    resolver = resolver_of("[group:g]\npriority=%(ENV_A)s2\n")

    assert resolver.value(resolver.document.sections["group:g"], GROUP["priority"]) == 12
    assert not resolver.failed


def test_a_refused_value_is_reported_once_and_the_default_stays() -> None:
    resolver = resolver_of("[program:p]\npriority=high\n")
    section = resolver.document.sections["program:p"]

    assert resolver.value(section, PROGRAM["priority"], 999) == 999
    assert resolver.value(section, PROGRAM["priority"], 999) == 999
    assert [str(item.where) for item in resolver.diagnostics] == ["f:2"]
    assert resolver.failed


def test_an_error_without_its_option_stands_at_the_header() -> None:
    resolver = resolver_of("\n[program:p]\ncommand=x\n")
    section = resolver.document.sections["program:p"]
    resolver.refuse(section, "numprocs", "V006", "odd")
    resolver.refuse(section, "command", "V006", "odder")

    assert [item.where.line for item in resolver.diagnostics] == [2, 3]


def test_what_the_reader_refused_counts(tmp_path: Path) -> None:
    assert resolver_of("junk").failed
    assert load_text(tmp_path, "junk\n[supervisord]\n").config is None


def test_later_variables_win() -> None:
    resolver = resolver_of("")
    resolver.set_environment({"A": "2", "B": "3"})

    assert (resolver.names["ENV_A"], resolver.names["ENV_B"], resolver.names["here"]) == ("2", "3", "/here")
