import pytest

from vigild.core.alert_template import TEMPLATE_NAMES, fill_template, template_problem


def test_names_are_filled_in() -> None:
    assert "告警 web costs 5$ x" == fill_template(
        "告警 $title costs ${count}$$ x", {"title": "web", "count": "5"}
    )


def test_a_value_is_not_looked_at_again() -> None:
    assert "$host $title" == fill_template("$title $$title", {"title": "$host", "host": "secret"})


def test_what_has_no_value_stays() -> None:
    assert "$title ${x.y} $" == fill_template("$title ${x.y} $", {})


def test_every_name_is_known() -> None:
    assert "" == template_problem(" ".join(f"${name} ${{{name}}} $$" for name in TEMPLATE_NAMES))


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("$titel", "$titel is none of $title, "),
        ("${title.__class__}", "$title.__class__ is none of "),
        ("5 $", "a $ before no name"),
        ("${}", "a $ before no name"),
    ],
)
def test_what_is_wrong_is_said(template: str, problem: str) -> None:
    assert problem in template_problem(template)
