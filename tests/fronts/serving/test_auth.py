"""Basic authentication as Supervisor has it, and stronger hashes."""

import asyncio
import base64
import hashlib
from pathlib import Path

import pytest

from support.http_site import GET, echo, site
from vigild.config.passwords import ScryptHash, hash_password, parse_scrypt
from vigild.fronts.serving import Credentials, Limits, Request, Response, text_response
from vigild.fronts.serving.auth import Verdict

SHA = "{SHA}" + hashlib.sha1(b"s\xc3\xa9cret").hexdigest()
SALT = b"0123456789abcdef"
SCRYPT = f"{{scrypt}}16$1$1${SALT.hex()}${hashlib.scrypt('sécret'.encode(), salt=SALT, n=16, r=1, p=1, dklen=32).hex()}"
BRIEF = Limits(linger_seconds=0.05)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def verdict(credentials: Credentials, header: str | None) -> Verdict:
    return asyncio.run(credentials.check(header))


@pytest.mark.parametrize("stored", ["sécret", SHA, SCRYPT])
def test_who_enters(stored: str) -> None:
    credentials = Credentials("bob", stored)
    assert verdict(credentials, basic("bob", "sécret")) is Verdict.RIGHT
    assert verdict(credentials, basic("bob", "sécret").replace("Basic", "bAsIc")) is Verdict.RIGHT
    for header in (
        None,
        basic("bob", "secret"),
        basic("bob", ""),
        basic("bob", stored + "x"),
        basic("bo", "sécret"),
        "Bearer x",
    ):
        assert verdict(credentials, header) is Verdict.WRONG
    for header in ("Basic !", "Basic Ym9i", "Basic", "Basic Y"):
        assert verdict(credentials, header) is Verdict.MALFORMED


def test_a_colon_belongs_to_the_password() -> None:
    assert verdict(Credentials("bob", "a:b"), basic("bob", "a:b")) is Verdict.RIGHT


def test_a_hash_that_was_made_is_accepted() -> None:
    stored = hash_password("word")
    assert stored != hash_password("word")
    credentials = Credentials("bob", stored)
    assert verdict(credentials, basic("bob", "word")) is Verdict.RIGHT
    assert verdict(credentials, basic("bob", "words")) is Verdict.WRONG


DIGEST = "00" * 32


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "16$1$1$00",
        "a$1$1$00$00",
        "16$1$1$zz$00",
        "16$1$1$00$00",
        f"15$1$1$00${DIGEST}",
        f"0$1$1$00${DIGEST}",
        f"16$0$1$00${DIGEST}",
        f"16$1$0$00${DIGEST}",
        f"1048576$8$1$00${DIGEST}",
    ],
)
def test_a_hash_that_cannot_be_read_is_an_error(stored: str) -> None:
    with pytest.raises(ValueError, match=r"\{scrypt\}"):
        parse_scrypt(stored)
    credentials = Credentials("bob", "{scrypt}" + stored)
    assert "{scrypt}" in str(credentials.problem)
    for password in ("", stored, "{scrypt}" + stored):
        assert verdict(credentials, basic("bob", password)) is Verdict.WRONG


def count_hashing(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    hashed: list[bytes] = []
    matches = ScryptHash.matches

    def counted(self: ScryptHash, password: bytes) -> bool:
        hashed.append(password)
        return matches(self, password)

    monkeypatch.setattr(ScryptHash, "matches", counted)
    return hashed


def test_a_client_that_polls_pays_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = count_hashing(monkeypatch)
    credentials = Credentials("bob", SCRYPT)

    async def run() -> None:
        for _ in range(5):
            assert await credentials.check(basic("bob", "sécret")) is Verdict.RIGHT
        assert await credentials.check(basic("eve", "sécret")) is Verdict.WRONG
        assert await credentials.check(basic("bob", "wrong")) is Verdict.WRONG
        assert await credentials.check(basic("bob", "wrong")) is Verdict.WRONG

    asyncio.run(run())
    assert hashed == ["sécret".encode(), b"wrong", b"wrong"]


def test_a_flood_of_wrong_passwords_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = count_hashing(monkeypatch)
    credentials = Credentials("bob", SCRYPT)

    async def run() -> list[Verdict]:
        return await asyncio.gather(*(credentials.check(basic("bob", str(n))) for n in range(100)))

    verdicts = asyncio.run(run())
    assert [verdicts.count(Verdict.BUSY), verdicts.count(Verdict.WRONG), len(hashed)] == [84, 16, 16]


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(Credentials("bob", "secret"))


def request(path: bytes, header: str | None) -> bytes:
    authorization = b"" if header is None else b"Authorization: %s\r\n" % header.encode()
    return b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, authorization)


def test_over_the_wire(short_tmp: Path) -> None:
    async def whoami(request: Request) -> Response:
        return text_response(200, request.caller.name)

    async def run() -> None:
        async with site(short_tmp, whoami, credentials=Credentials("bob", "word"), limits=BRIEF) as there:
            async with there.client() as client:
                assert (await client.ask(request(b"/", basic("bob", "word")))).body == b"bob\n"
                assert (await client.ask(request(b"/", basic("bob", "word")))).body == b"bob\n"
                answer = await client.ask(request(b"/", None))
                assert answer.status == 401
                assert answer.headers["www-authenticate"] == 'Basic realm="default"'
                assert answer.headers["connection"] == "close"
                assert answer.body.endswith(b"<p>Error code 401.\r\n<p>Message: Unauthorized.\r\n</body>\r\n")
                assert await client.rest() == b""
            async with there.client() as client:
                assert (await client.ask(request(b"/", "Basic !"))).status == 400
            assert there.server.counters.unauthorized == 1

    asyncio.run(run())


def test_who_may_not_enter_sends_no_body(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, credentials=Credentials("bob", "word"), limits=BRIEF) as there,
            there.client() as client,
        ):
            await client.send(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            )
            assert (await client.answer()).status == 401

    asyncio.run(run())


def test_a_password_that_cannot_be_read_is_said_and_lets_nobody_in(short_tmp: Path) -> None:
    async def run() -> None:
        credentials = Credentials("bob", "{scrypt}x")
        async with (
            site(short_tmp, echo, credentials=credentials, limits=BRIEF) as there,
            there.client() as client,
        ):
            assert (await client.ask(request(b"/", basic("bob", "{scrypt}x")))).status == 401
            assert ["nobody can enter" in text for level, text in there.log if level == "error"] == [True]

    asyncio.run(run())


def test_too_many_checks_are_a_503(short_tmp: Path) -> None:
    async def run() -> None:
        credentials = Credentials("bob", SCRYPT)
        credentials._waiting = 16
        async with (
            site(short_tmp, echo, credentials=credentials, limits=BRIEF) as there,
            there.client() as client,
        ):
            assert (await client.ask(request(b"/", basic("bob", "x")))).status == 503

    asyncio.run(run())


def test_without_credentials_anybody_enters(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            assert (await client.ask(GET)).status == 200

    asyncio.run(run())
