"""Tokens: made, shown once, found, revoked."""

import pytest

from support.fakes import World, group, program
from vigild.control.access import Access, digest_of
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import NotAllowedError, VigilError
from vigild.core.tokens import MAX_TOKENS, Token


class Store:
    """Keeps them in memory; `broken` is raised by the next call."""

    def __init__(self) -> None:
        self.kept: list[Token] = []
        self.saves = 0
        self.broken: Exception | None = None

    def load(self) -> list[Token]:
        if self.broken:
            raise self.broken
        return self.kept

    def save(self, tokens: list[Token]) -> None:
        if self.broken:
            raise self.broken
        self.saves += 1
        self.kept = list(tokens)


@pytest.fixture
def world() -> World:
    return World(group(program("web")))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def access(world: World, store: Store) -> Access:
    return Access(store, world.engine.ports.clock, world.engine.ports.log)


def test_a_token_lets_in_as_what_it_was_made(access: Access, store: Store) -> None:
    made = access.create_token("ci", "operator", ["web:*"])
    secret = str(made["token"])
    assert secret.split("_")[2] not in repr(store.kept)
    found = access.bearer(secret, "10.0.0.7")
    assert found == Caller("token:ci", Role.OPERATOR, "token", "10.0.0.7", programs=("web:*",))
    (shown,) = access.tokens()
    assert "token" not in shown
    assert (shown["id"], shown["role"], shown["last_used"] != 0) == (made["id"], "operator", True)


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "x", lambda t: "vigil_zz_" + t[9:], lambda t: "", str.upper]
)
def test_another_secret_does_not(access: Access, change: object) -> None:
    secret = str(access.create_token("ci", "viewer")["token"])
    assert access.bearer(change(secret), "") is None  # type: ignore[operator]


def test_revoked_and_expired_ones_do_not(access: Access, world: World) -> None:
    made, brief = access.create_token("ci", "viewer"), access.create_token("brief", "viewer", (), 60.0)
    access.revoke_token(str(made["id"]))
    assert access.bearer(str(made["token"]), "") is None
    assert access.bearer(str(brief["token"]), "") is not None
    world.clock.advance(61.0)
    assert access.bearer(str(brief["token"]), "") is None
    assert [token["expired"] for token in access.tokens()] == [True]
    with pytest.raises(VigilError, match="BAD_NAME"):
        access.revoke_token(str(made["id"]))


def test_the_time_of_use_is_written_down_now_and_then(access: Access, world: World, store: Store) -> None:
    secret = str(access.create_token("ci", "viewer")["token"])
    before = store.saves
    for _ in range(50):
        world.clock.advance(2.0)
        access.bearer(secret, "")
    assert 1 <= store.saves - before <= 3
    world.clock.advance(99.0)
    store.broken = OSError("full")
    assert access.bearer(secret, "") is not None


def test_what_cannot_be_made_says_why(access: Access, store: Store) -> None:
    for arguments in (("", "viewer"), ("ci", "king"), ("ci", "viewer", (), -1.0), ("ci", "viewer", [""])):
        with pytest.raises(VigilError, match="BAD_ARGUMENTS"):
            access.create_token(*arguments)  # type: ignore[arg-type]
    store.broken = OSError(28, "No space left on device")
    with pytest.raises(VigilError, match="No space left"):
        access.create_token("ci", "viewer")
    store.broken = None
    store.kept = []
    assert access.tokens() == []


def test_there_is_a_bound(access: Access, store: Store) -> None:
    store.kept = [Token(str(number), "x", Role.VIEWER, "", 0.0) for number in range(MAX_TOKENS)]
    with pytest.raises(VigilError, match="revoke some first"):
        access.create_token("ci", "viewer")


def test_tokens_that_cannot_be_read_let_nobody_in(access: Access, world: World, store: Store) -> None:
    store.broken = ValueError("it is in no format that this version knows")
    assert access.bearer("vigil_a_b", "") is None
    with pytest.raises(VigilError, match="cannot read the tokens"):
        access.tokens()


def test_only_an_admin_makes_and_revokes(access: Access) -> None:
    token = current_caller.set(Caller("ann", Role.OPERATOR))
    try:
        with pytest.raises(NotAllowedError):
            access.create_token("ci", "viewer")
        with pytest.raises(NotAllowedError):
            access.revoke_token("x")
    finally:
        current_caller.reset(token)


def test_the_digest_says_nothing_of_the_secret() -> None:
    assert len(digest_of("a")) == 64
    assert digest_of("a") != digest_of("b")
