"""Converters of limits and identity: what is taken, as what, and what is refused."""

import os
import resource
from typing import Any

import pytest

from config.corpus_support import DebianAccounts
from vigild.config import convert_limits as convert
from vigild.config.accounts import Surroundings
from vigild.config.convert_limits import LIMITS, UNLIMITED, limit
from vigild.config.diagnostics import BadValueError

AROUND = Surroundings({"HOME": "/root"}, DebianAccounts(), "box", uid=0)


@pytest.mark.parametrize(
    ("name", "text", "limits"),
    [
        ("nofile", "1024", (1024, 1024)),
        ("nofile", "1024:4096", (1024, 4096)),
        ("nofile", " 1024 : infinity ", (1024, UNLIMITED)),
        ("core", "unlimited", (UNLIMITED, UNLIMITED)),
        ("core", "0", (0, 0)),
        ("as", "512MB:1GB", (512 * 1024**2, 1024**3)),
        ("memlock", "64 kb", (65536, 65536)),
        ("memlock", "2G", (2 * 1024**3, 2 * 1024**3)),
        ("cpu", "90", (90, 90)),
        ("cpu", "10min", (600, 600)),
        ("cpu", "1500ms", (2, 2)),
        ("rttime", "500", (500, 500)),
        ("rttime", "200ms", (200_000, 200_000)),
        ("nice", "-5", (25, 25)),
        ("nice", "+10", (10, 10)),
        ("nice", "40", (40, 40)),
        ("rtprio", "99", (99, 99)),
    ],
)
def test_what_limits_are_taken_for(name: str, text: str, limits: tuple[int, int]) -> None:
    assert limit(name)(text, AROUND) == (name, *limits)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("nofile", "", "not a limit"),
        ("nofile", "many", "not a limit"),
        ("nofile", "1KB", "not a limit"),
        ("nofile", "-1", "not a limit"),
        ("nofile", "10:", "not a limit"),
        ("nofile", "1:2:3", "not a limit"),
        ("nofile", "9223372036854775808", "not a limit"),
        ("as", "1MBB", "not a limit"),
        ("as", "1.5GB", "not a limit"),
        ("cpu", "5parsecs", "not a limit"),
        ("rttime", "x", "not a limit"),
        ("nice", "-21", "not a limit"),
        ("nice", "41", "not a limit"),
        ("nofile", "10:5", "the soft limit 10 is above the hard limit 5"),
        ("nofile", "unlimited:5", "the soft limit unlimited is above"),
    ],
)
def test_limits_that_are_refused(name: str, text: str, part: str) -> None:
    with pytest.raises(BadValueError, match=part) as error:
        limit(name)(text, AROUND)
    assert error.value.hint


def test_every_limit_of_this_system_has_an_option() -> None:
    known = {name.removeprefix("RLIMIT_").lower() for name in dir(resource) if name.startswith("RLIMIT_")}
    assert known - {"ofile"} | {"locks"} == set(LIMITS), "OFILE is an old name of NOFILE"
    assert [name for name in LIMITS if limit(name)("unlimited", AROUND) != (name, -1, -1)] == []


def test_a_limit_that_the_system_lacks_is_refused() -> None:
    around = Surroundings({}, DebianAccounts(), "box", uid=0, has_limit=lambda name: name != "rttime")
    with pytest.raises(BadValueError, match="this system has no limit 'rttime'") as error:
        limit("rttime")("5", around)
    assert error.value.code == "V015"
    around.has_cpu_affinity = False
    with pytest.raises(BadValueError, match="cannot bind programs to CPUs"):
        convert.cpus("0", around)


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.nice, "-20", -20),
        (convert.nice, "+19", 19),
        (convert.oom_score, "-1000", -1000),
        (convert.io_priority, "idle", (3, 0)),
        (convert.io_priority, "Best-Effort:3", (2, 3)),
        (convert.io_priority, "best-effort", (2, 4)),
        (convert.io_priority, "realtime : 0", (1, 0)),
        (convert.io_priority, "none", (0, 0)),
        (convert.cpus, "0-3,7", (0, 1, 2, 3, 7)),
        (convert.cpus, "5, 1 - 2,2", (1, 2, 5)),
        (convert.group_ids, "", ()),
        (convert.group_ids, "adm, 33\n", (4, 33)),
        (convert.variable_names, "LC_*, HTTP_PROXY\nX", ("LC_*", "HTTP_PROXY", "X")),
        (convert.environment_files, "/a/.env, -/b", (("/a/.env", False), ("/b", True))),
        (convert.environment_files, "- ~/x\n/y/../z", (("/root/x", True), ("/z", False))),
        (convert.environment_files, "x", ((os.path.abspath("x"), False),)),
        (convert.environment_files, "", ()),
    ],
)
def test_what_other_values_are_taken_for(converter: Any, text: str, value: object) -> None:
    assert converter(text, AROUND) == value


@pytest.mark.parametrize(
    ("converter", "text", "code"),
    [
        (convert.nice, "20", "V006"),
        (convert.nice, "low", "V006"),
        (convert.oom_score, "1001", "V006"),
        (convert.io_priority, "idle:3", "V006"),
        (convert.io_priority, "best-effort:8", "V006"),
        (convert.io_priority, "best-efort:1", "V006"),
        (convert.io_priority, "", "V006"),
        (convert.cpus, "", "V006"),
        (convert.cpus, "3-1", "V006"),
        (convert.cpus, "0,99999", "V006"),
        (convert.cpus, "all", "V006"),
        (convert.group_ids, "adm,nosuchgroup", "V011"),
        (convert.variable_names, "A=b", "V006"),
        (convert.environment_files, "/a,-", "V006"),
    ],
)
def test_other_values_that_are_refused(converter: Any, text: str, code: str) -> None:
    with pytest.raises(BadValueError) as error:
        converter(text, AROUND)
    assert (error.value.code, bool(error.value.hint)) == (code, True)


def test_a_misspelt_class_of_io_is_guessed() -> None:
    with pytest.raises(BadValueError) as error:
        convert.io_priority("best-efort:1", AROUND)
    assert "did you mean best-effort?" in error.value.hint
