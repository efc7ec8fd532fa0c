"""Text to roles and people."""

import pytest

from config.corpus_support import DebianAccounts
from vigild.config import convert_access
from vigild.config.accounts import Surroundings
from vigild.config.diagnostics import BadValueError
from vigild.core.access import Principal, Role

AROUND = Surroundings({}, DebianAccounts(), "box")


def test_roles() -> None:
    assert convert_access.role(" Operator ", AROUND) is Role.OPERATOR
    with pytest.raises(BadValueError, match="no such role: 'root'"):
        convert_access.role("root", AROUND)


def test_people() -> None:
    nobody = Principal(65534)
    assert convert_access.people("nobody, @adm,", AROUND) == (nobody, Principal(4, is_group=True))
    assert convert_access.people("", AROUND) == ()
    for wrong in ("mallory", "@mallory"):
        with pytest.raises(BadValueError):
            convert_access.people(wrong, AROUND)


def test_networks() -> None:
    found = convert_access.networks("127.0.0.1, 10.0.0.0/8 ,fd00::/8,", AROUND)
    assert found == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")
    for wrong in ("localhost", "10.0.0.7/8", "10.0.0.1, *"):
        with pytest.raises(BadValueError, match="not an address or a network"):
            convert_access.networks(wrong, AROUND)


def test_client_certificates() -> None:
    assert convert_access.client_certificate("Required", AROUND) == "required"
    with pytest.raises(BadValueError, match="neither optional nor required"):
        convert_access.client_certificate("yes", AROUND)
