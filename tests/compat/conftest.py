"""`agree(scenario)` for scenarios seen through XML-RPC and files, `agree_four_ways` where clients matter."""

from collections.abc import Callable

import pytest

from support.compat import playbill
from support.compat.installation import OURS, THEIRS, why_not_installed
from support.compat.playbill import Scenario
from support.compat.transcript import Transcript


def _require_both() -> None:
    # Never a skip: a compatibility layer that does not run proves nothing.
    for installation in (THEIRS, OURS):
        if why := why_not_installed(installation):
            pytest.fail(why)


@pytest.fixture
def agree() -> Callable[[Scenario], None]:
    """Both daemons, the client does not matter."""
    _require_both()
    return lambda scenario: playbill.agree(scenario, playbill.BOTH_DAEMONS)


@pytest.fixture
def agree_four_ways() -> Callable[[Scenario], None]:
    """Each client with each daemon."""
    _require_both()
    return lambda scenario: playbill.agree(scenario, playbill.FOUR_WAYS)


@pytest.fixture
def play_both() -> Callable[[Scenario], tuple[Transcript, Transcript]]:
    """Supervisor's transcript and ours, for deliberate differences."""
    _require_both()
    return playbill.both
