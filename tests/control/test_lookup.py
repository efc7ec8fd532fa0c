"""Names to things."""

import pytest

from support.fakes import World, group, program
from vigild.control.lookup import (
    find_group,
    find_group_or_process,
    find_process,
    require_within,
    those_within,
)
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import NotAllowedError, VigilError


def test_names() -> None:
    engine = World(group(program("a"), program("b"), name="g"), group(program("solo"))).engine
    assert find_process(engine, "solo") is engine.groups["solo"].processes["solo"]
    assert find_process(engine, "g:b") is engine.groups["g"].processes["b"]
    assert find_group(engine, "g") is engine.groups["g"]
    assert find_group_or_process(engine, "g:*") is engine.groups["g"]
    for find, name in ((find_process, "g"), (find_process, "g:*"), (find_process, "g:c"), (find_group, "x")):
        with pytest.raises(VigilError) as caught:
            find(engine, name)  # type: ignore[operator]
        assert str(caught.value) == f"BAD_NAME: {name}"


def test_a_token_for_some_programs_finds_no_others() -> None:
    engine = World(group(program("a"), program("b"), name="g"), group(program("solo"))).engine
    token = current_caller.set(Caller("token:ci", Role.ADMIN, programs=("g:a", "sol?")))
    try:
        assert find_process(engine, "g:a").config.name == "a"
        assert find_group(engine, "solo").config.name == "solo"
        assert [process.namespec for process in those_within(engine.all_processes())] == ["g:a", "solo"]
        for name in ("g:b", "g:*"):
            with pytest.raises(NotAllowedError, match=r"token:ci is for g:a, sol\? and not for g:"):
                find_group_or_process(engine, name)
        with pytest.raises(NotAllowedError):
            find_group(engine, "g")
        require_within("g:a")
        with pytest.raises(NotAllowedError, match="and not for gone"):
            require_within("gone")
        with pytest.raises(NotAllowedError, match="and not for the daemon"):
            require_within("")
    finally:
        current_caller.reset(token)
    assert len(those_within(engine.all_processes())) == 3
