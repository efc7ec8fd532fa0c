"""From a `ChildSetup` to the child's environment and the steps it takes before its program begins."""

import os
from dataclasses import dataclass

from vigild.engine.ports import ChildRequest, SpawnFailure
from vigild.host.envfile import read_environment_files
from vigild.host.identity import Accounts, identity_steps, user_variables
from vigild.host.limits import limit_steps
from vigild.host.steps import Steps


@dataclass(slots=True)
class Preparation:
    """What is ready for the fork. Where there are steps, they switch the user as well; they are to be closed."""

    environment: dict[str, str]
    steps: Steps | None


def prepare(request: ChildRequest, accounts: Accounts) -> Preparation | SpawnFailure:
    """Read and look up all that the request's setup needs. Raises OSError when there is no pipe to be had."""
    setup = request.setup
    assert setup is not None
    environment = request.environment
    if setup.user_environment or setup.environment_files:
        environment = dict(environment)
        if setup.user_environment:
            uid = os.geteuid() if request.uid is None else request.uid
            user = accounts.user(uid)
            if user is None:
                text = f"couldn't set HOME, USER and LOGNAME: no user has the number {uid} (set_user_environment)"
                return SpawnFailure("environment", 0, text)
            environment.update(user_variables(user))
        failure = read_environment_files(setup.environment_files, environment)
        if failure is not None:
            return failure
        environment.update(setup.variables)
    steps = limit_steps(setup)
    switched = request.uid if request.uid != os.geteuid() else None
    account = accounts.user(switched, setup.gid) if switched is not None else None
    if steps or setup.gid is not None or setup.supplementary_gids is not None:
        steps += identity_steps(setup, switched, account)
    return Preparation(environment, Steps(steps) if steps else None)
