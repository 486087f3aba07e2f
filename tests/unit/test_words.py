"""The check of words finds each in prose and in names, and nothing that only looks like one."""

import pytest

from scripts.check_words import WORDS, find

FORMS = [form for forms in WORDS for form in forms.split("|")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["Then {} it.", "def {}_keys():", "def _{}_(self):", '"{}"', "{}"])
def test_each_form_is_found_in_prose_and_in_names(form: str, text: str) -> None:
    found = list(find("docs/page.md", f"First line.\n{text.format(form)}\n"))
    assert [(each.line, each.word) for each in found] == [(2, form)]
    assert found[0].instead in str(found[0])


@pytest.mark.parametrize("text", ["besides", "recommend", "intelligent", "storytelling", "mendable"])
def test_other_words_are_left_alone(text: str) -> None:
    assert list(find("docs/page.md", text)) == []


def test_words_inside_camel_case_are_found() -> None:
    found = find("docs/page.md", "class LastWish: tellThem()")
    assert [each.word for each in found] == ["Wish", "tell"]


def test_upper_case_is_found_too() -> None:
    assert [each.word for each in find("docs/page.md", "Tell whether a RUNG fits.")] == ["Tell", "RUNG"]
