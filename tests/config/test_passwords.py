"""`{scrypt}` values; how a server uses them is in tests/fronts/serving/test_auth.py."""

import pytest

from vigild.config.passwords import hash_password, parse_scrypt


def test_a_value_is_salted_and_matches_its_password_only() -> None:
    stored = hash_password("sécret")
    assert stored.startswith("{scrypt}16384$8$1$")
    assert stored != hash_password("sécret")
    parsed = parse_scrypt(stored.removeprefix("{scrypt}"))
    assert (parsed.matches("sécret".encode()), parsed.matches(b"secret")) == (True, False)


@pytest.mark.parametrize("stored", ["", "1$2$3", "a$1$1$00$00", "15$1$1$00$00", f"1048576$8$1$00${'0' * 64}"])
def test_a_value_that_cannot_be_one_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match=r"\{scrypt\}"):
        parse_scrypt(stored)
