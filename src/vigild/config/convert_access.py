"""Text to values: who may do what."""

from vigild.config.accounts import Surroundings
from vigild.config.convert import group_id, names, user_id
from vigild.config.diagnostics import BadValueError
from vigild.core.access import Principal, Role

_ROLES = {role.word: role for role in Role}


def role(value: str, _: Surroundings) -> Role:
    """`viewer`, `operator` or `admin`."""
    found = _ROLES.get(value.strip().lower())
    if found is None:
        raise BadValueError(f"no such role: {value!r}", "write viewer, operator or admin")
    return found


def people(value: str, around: Surroundings) -> tuple[Principal, ...]:
    """Users and `@groups` of the system, with commas between."""
    return tuple(_principal(name, around) for name in names(value, around) if name)


def _principal(name: str, around: Surroundings) -> Principal:
    if name.startswith("@"):
        return Principal(group_id(name[1:], around), is_group=True)
    return Principal(user_id(name, around))


def networks(value: str, around: Surroundings) -> tuple[str, ...]:
    """Addresses and networks, with commas between: `127.0.0.1, 10.0.0.0/8`."""
    from vigild.wire.forwarded import parse_network  # late: few servers have a proxy in front

    found = tuple(name for name in names(value, around) if name)
    for name in found:
        try:
            parse_network(name)
        except ValueError as error:
            hint = "write addresses or networks, such as 127.0.0.1 or 10.0.0.0/8"
            raise BadValueError(f"not an address or a network: {name!r} ({error})", hint) from None
    return found


def client_certificate(value: str, _: Surroundings) -> str:
    """`optional` or `required`."""
    word = value.strip().lower()
    if word not in ("optional", "required"):
        raise BadValueError(f"neither optional nor required: {value!r}", "write optional or required")
    return word
