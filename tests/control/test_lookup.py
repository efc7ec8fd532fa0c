"""Names to things."""

import pytest

from support.fakes import World, group, program
from vigild.control.lookup import find_group, find_group_or_process, find_process
from vigild.core.errors import VigilError


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
