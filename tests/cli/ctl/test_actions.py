"""The table of actions is whole."""

import pytest

from vigild.cli.ctl import actions


@pytest.mark.parametrize("name", actions.NAMES)
def test_every_action_can_be_called_and_explains_itself(name: str) -> None:
    assert callable(actions.find(name))
    text = actions.help_text(name)
    assert text is not None
    assert text.startswith(name)


def test_supervisors_actions_are_all_there() -> None:
    ours = ("upgrade",)
    assert " ".join(name for name in actions.NAMES if name not in ours) == (
        "add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version"
    )


def test_unknown_actions_are_unknown() -> None:
    assert actions.find("nosuch") is None
    assert actions.help_text("nosuch") is None
    assert actions.help_text("help") is not None


def test_help_leaves_a_blank_behind_the_longest_usage() -> None:
    lines = (actions.help_text("tail") or "").splitlines()
    assert any(line.startswith("tail -<n> <name> [stdout|stderr] The last") for line in lines)
    assert len({line.index(" The ") for line in lines if " The " in line}) == 1
