"""The template of an alert's text: `$name`, `${name}`, `$$` for a dollar sign, and nothing else that could do anything."""

import re
from collections.abc import Mapping

TEMPLATE_NAMES = (
    "title",
    "text",
    "host",
    "identifier",
    "alert",
    "severity",
    "count",
    "names",
    "time",
)
_SIGN = re.compile(r"\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([^{}]*)\}|)")


def template_problem(template: str) -> str:
    """What is wrong with a template, in words; "" where nothing is."""
    for found in _SIGN.finditer(template):
        if found[0] == "$$":
            continue
        name = found[1] or found[2]
        if not name:
            return "a $ before no name (write $$ for a dollar sign)"
        if name not in TEMPLATE_NAMES:
            return f"${name} is none of {', '.join('$' + known for known in TEMPLATE_NAMES)}"
    return ""


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The template with the values in it. What has no value stays as it is written; a value is never looked at again."""

    def value_of(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else values.get(found[1] or found[2] or "", found[0])

    return _SIGN.sub(value_of, template)
