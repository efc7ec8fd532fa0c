"""Namespecs: how people name a process (`name`, `group:name`) or a whole group (`group:*`)."""


def make_namespec(group_name: str, process_name: str) -> str:
    """The shortest namespec: the bare name where group and process share it."""
    return process_name if group_name == process_name else f"{group_name}:{process_name}"


def split_namespec(namespec: str) -> tuple[str, str | None]:
    """`(group, process)`; process is None for a whole group (`group:*`, `group:`)."""
    group_name, colon, process_name = namespec.partition(":")
    if not colon:
        return namespec, namespec
    if process_name in ("", "*"):
        return group_name, None
    return group_name, process_name
