"""`mpfunnel.identity.numbers`: the 法人番号, and what it tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.identity import corporate_number, number_fault, number_kind

BASES = st.text("0123456789", min_size=12, max_size=12)


def with_check_digit(base: str) -> str:
    """The number with twelve given digits, by the formula of the ordinance, read once more.

    「法人番号の指定等に関する省令」: 9 less the rest by nine of the sum of the digits, from the
    second last on every other one twice.
    """
    total = sum(int(digit) for digit in base) + sum(int(digit) for digit in base[::2])
    return f"{9 - total % 9}{base}"


@pytest.mark.parametrize(
    "text",
    [
        "7000012050002",
        " 7000012050002 ",
        "7-0000-1205-0002",
        "7 0000 1205 0002",
        "７００００１２０５０００２",
        "７－００００－１２０５－０００２",
        "7ー0000ー1205ー0002",
        "7−0000‐1205–0002",
        "T7000012050002",
        "t7000012050002",
        "Ｔ７００００１２０５０００２",
        "T-7000012050002",
        "T 7-0000-1205-0002",
    ],
)
def test_a_number_is_read_as_people_type_it(text: str) -> None:
    """Hyphens, spaces, width and the T of an invoice number are folded."""
    assert corporate_number(text) == "7000012050002"
    assert number_fault(text) is None


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "format", "must be the 13 digits of a 法人番号"),
        ("なし", "format", "must be the 13 digits of a 法人番号"),
        ("70000120500O2", "format", "must be the 13 digits of a 法人番号"),
        ("٧٠٠٠٠١٢٠٥٠٠٠٢", "format", "must be the 13 digits of a 法人番号"),
        ("TT7000012050002", "format", "must be the 13 digits of a 法人番号"),
        ("7.00001205E+12", "format", "must be the 13 digits of a 法人番号"),
        ("000012050002", "format", "must have 13 digits, not 12"),
        ("70000120500020", "format", "must have 13 digits, not 14"),
        (
            "8000012050002",
            "check-digit",
            "is no 法人番号: its first digit, which checks the others, does not fit",
        ),
        (
            "T8000012050002",
            "check-digit",
            "is no 法人番号: its first digit does not fit; sole proprietors have such numbers",
        ),
    ],
)
def test_a_fault_says_what_is_wrong(text: str, code: str, message: str) -> None:
    """What is no 法人番号 has a reason."""
    assert corporate_number(text) is None
    assert number_fault(text) == (code, message)


def test_no_text_is_no_number() -> None:
    """A blank field has no number."""
    assert corporate_number(None) is None


@given(BASES, st.integers(1, 9))
def test_the_first_digit_checks_the_others(base: str, digit: int) -> None:
    """Of the nine first digits, one makes a number; folding it again changes nothing."""
    number = with_check_digit(base)
    assert (corporate_number(f"{digit}{base}") is not None) == (f"{digit}{base}" == number)
    assert corporate_number(number) == number
    assert corporate_number(f"0{base}") is None


@given(st.text() | st.text(st.sampled_from("T0-７ー 9")))
def test_no_text_raises(text: str) -> None:
    """Every text is a number or has a fault, never both."""
    number = corporate_number(text)
    assert (number is None) == (number_fault(text) is not None)
    if number is None:
        assert number_kind(text) is None
    else:
        assert corporate_number(number) == number


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        # 国税庁, 内閣法制局, 国立国会図書館.
        ("7000012050002", "state_organ"),
        ("1000012010003", "state_organ"),
        ("1000011000005", "state_organ"),
        # 東京都; an association of local bodies has no code of its own.
        ("8000020130001", "local_government"),
        (with_check_digit("000030000001"), "local_government"),
        ("1180301018771", "registered"),
        (with_check_digit("010001153225"), "registered"),
        (with_check_digit("700150000001"), "other"),
        # Nobody has such numbers yet.
        (with_check_digit("000000000000"), None),
        (with_check_digit("000040000001"), None),
        (with_check_digit("600000000000"), None),
        (with_check_digit("900000000000"), None),
        ("T8000020130001", "local_government"),
        ("2000020130001", None),
        ("", None),
    ],
)
def test_a_number_tells_a_public_body(number: str, kind: str | None) -> None:
    """Organs of the state, local bodies and the commercial register have digits of their own."""
    assert number_kind(number) == kind


def test_the_published_vectors_hold(shared_data: Path) -> None:
    """Each of the 613 numbers has the check digit that another implementation found."""
    folder = shared_data / "jp_corporate"
    vectors = json.loads((folder / "daichodo_check-digit-vectors.json").read_text("utf-8"))
    cases = vectors["cases"]
    assert len(cases) == 613
    for case in cases:
        number = f"{case['digit']}{case['body']}"
        assert corporate_number(number) == number
        wrong = [f"{digit}{case['body']}" for digit in range(10) if digit != case["digit"]]
        assert [text for text in wrong if corporate_number(text)] == []
        assert with_check_digit(case["body"]) == number
    real = [case for case in cases if case.get("note") == "real 法人番号"]
    assert {number_kind(f"{case['digit']}{case['body']}") for case in real} == {"registered"}
