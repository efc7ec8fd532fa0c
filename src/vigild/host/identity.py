"""Who a child is: the account database, and the steps that switch groups and user."""

import errno
import os
import time
from collections.abc import Callable

from vigild.core.frozen import frozen
from vigild.engine.ports import ChildSetup
from vigild.host.steps import Step

MEMORY_SECONDS = 10.0


@frozen
class Account:
    """One user of this machine."""

    name: str
    gid: int
    home: str
    gids: tuple[int, ...]  # all groups that initgroups would give, the primary one among them


class Accounts:
    """Users by number. Remembered for a while: a name service may be slow, and many programs start together."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[int, int | None], tuple[float, Account]] = {}

    def user(self, uid: int, gid: int | None = None) -> Account | None:
        """The user with this number, and `gid` as primary group if given; None where there is no such user."""
        now = time.monotonic()
        known = self._known.get((uid, gid))
        if known is None or now - known[0] > MEMORY_SECONDS:
            import pwd

            try:
                user = pwd.getpwuid(uid)
            except KeyError:
                return None
            primary = user.pw_gid if gid is None else gid
            groups = tuple(os.getgrouplist(user.pw_name, primary))
            known = (now, Account(user.pw_name, primary, user.pw_dir, groups))
            self._known[uid, gid] = known
        return known[1]


def identity_steps(setup: ChildSetup, uid: int | None, account: Account | None) -> list[Step]:
    """Groups, then user: after the user is switched, the right to the rest is gone.

    `uid` is None where the daemon's user stays; `account` is that of `uid`, with the group that is asked for.
    Without `supplementary_groups` a switched user gets its own groups (as `initgroups` gives them), and the
    daemon's user keeps the daemon's.
    """
    gid, gids = setup.gid, setup.supplementary_gids
    if account is not None:
        gid = account.gid
        gids = account.gids if gids is None else gids
    steps: list[Step] = []
    if gids is not None:
        named = "the groups of its user" if setup.supplementary_gids is None else "supplementary_groups"
        steps.append(_groups_step(gids, named))
    if gid is not None:
        steps.append(_group_step(gid, "the group of its user" if setup.gid is None else "group"))
    if uid is not None:
        explain = _rights("CAP_SETUID")
        steps.append(Step("setuid", lambda: f"setuid to {uid}", lambda: os.setuid(uid), explain))
    return steps


def _groups_step(gids: tuple[int, ...], named: str) -> Step:
    def what() -> str:
        return f"set {named} to {', '.join(map(group_words, gids)) or 'none'}"

    return Step("setgroups", what, lambda: os.setgroups(gids), _rights("CAP_SETGID"))


def _group_step(gid: int, named: str) -> Step:
    def what() -> str:
        return f"set {named} to {group_words(gid)}"

    return Step("setgid", what, lambda: os.setgid(gid), _rights("CAP_SETGID"))


def _rights(capability: str) -> Callable[[int], str]:
    def explain(code: int) -> str:
        if code != errno.EPERM:
            return ""
        return f"it needs {capability}, as root has it; this daemon runs as uid {os.geteuid()}"

    return explain


def group_words(gid: int) -> str:
    """`33 (www-data)`, or the number alone where no group has it."""
    import grp

    try:
        return f"{gid} ({grp.getgrgid(gid).gr_name})"
    except (KeyError, OverflowError):
        return str(gid)


def user_variables(account: Account) -> dict[str, str]:
    """HOME, USER and LOGNAME of a user."""
    return {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
