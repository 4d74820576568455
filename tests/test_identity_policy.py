"""`mpfunnel.identity.policy`: what a firm decides about matching, and knows of domains itself."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, fields

from mpfunnel.errors import InvalidDataError
from mpfunnel.identity import IdentityPolicy

_KNOWN = "link, corporate_number, domain, name_region"


def faults(**given: Any) -> list[tuple[str, str]]:
    """The code and path of everything that is wrong with a policy."""
    with pytest.raises(InvalidDataError) as caught:
        IdentityPolicy(**given)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def test_without_a_word_every_evidence_is_used() -> None:
    """The default tries links first, joins sub-domains, and sets individuals apart."""
    policy = IdentityPolicy()
    assert policy.order == ("link", "corporate_number", "domain", "name_region")
    assert (policy.subdomains, policy.individuals) == ("joined", "apart")
    assert {"学生", "求職者", "student", "job seeker"} <= policy.student_words
    assert not policy.own_domains | policy.vendor_domains | policy.apart_under


def test_domains_are_folded_as_those_of_leads() -> None:
    """A domain is meant however it is typed, an address or a web address too."""
    policy = IdentityPolicy(
        own_domains=["https://www.Acme.co.jp/", "ＡＣＭＥ．ｊｐ", "日本語.jp"],
        vendor_domains=("agency.example",),
        apart_under=["Group.co.jp"],
        personal_domains={"info@private.jp"},
    )
    assert policy.own_domains == {"acme.co.jp", "acme.jp", "xn--wgv71a119e.jp"}
    assert policy.vendor_domains == {"agency.example"}
    assert policy.apart_under == {"group.co.jp"}
    assert policy.personal_domains == {"private.jp"}


def test_words_are_folded() -> None:
    """Words are compared without case and width."""
    policy = IdentityPolicy(student_words=[" Ｓｔｕｄｅｎｔ ", "学生"])
    assert policy.student_words == {"student", "学生"}


def test_policies_are_values() -> None:
    """Equal policies are equal whatever the order of their sets, and can be keys."""
    one = IdentityPolicy(own_domains=["a.jp", "b.jp"])
    other = IdentityPolicy(own_domains=["B.jp", "A.jp", "a.jp"])
    assert one == other
    assert len({one, other}) == 1
    assert evolve(one, order=["domain"]).order == ("domain",)
    rebuilt = {field.name: getattr(one, field.name) for field in fields(IdentityPolicy)}
    assert IdentityPolicy(**rebuilt) == one


def test_all_faults_come_at_once() -> None:
    """Every fault has its path, in the order of the fields."""
    given: dict[str, Any] = {
        "order": ["lnk", "link", "link", 3],
        "own_domains": ["acme", "", "co.jp", "acme.jp"],
        "vendor_domains": "acme.jp",
        "subdomains": "split",
        "apart_under": ["group", 3, "group.co.jp"],
        "personal_domains": ["x.jp", "y.jp"],
        "business_domains": ["www.x.jp"],
        "public_domains": ["x.jp"],
        "education_domains": 3,
        "individuals": ["apart"],
        "student_words": ["学生", 3, " "],
    }
    assert faults(**given) == [
        ("choice", "identity.order[0]"),
        ("duplicate", "identity.order[2]"),
        ("choice", "identity.order[3]"),
        ("blank", "identity.own_domains"),
        ("domain", "identity.own_domains"),
        ("domain", "identity.own_domains"),
        ("type", "identity.vendor_domains"),
        ("choice", "identity.subdomains"),
        ("domain", "identity.apart_under[0]"),
        ("type", "identity.apart_under[1]"),
        ("type", "identity.education_domains"),
        ("choice", "identity.individuals"),
        ("type", "identity.student_words[1]"),
        ("blank", "identity.student_words[2]"),
        ("contradiction", "identity.business_domains"),
        ("contradiction", "identity.public_domains"),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"order": ["lnk"]},
            f"identity.order[0]: must be one of {_KNOWN}, not 'lnk'; did you mean 'link'?",
        ),
        ({"order": "link"}, "identity.order: must be a list, not str 'link'"),
        ({"order": None}, "identity.order: must be a list, not NoneType None"),
        (
            {"own_domains": ["Acme"]},
            "identity.own_domains: 'Acme' is no domain; write one as 'example.co.jp'",
        ),
        (
            {"own_domains": ["taro@acme"]},
            "identity.own_domains: 't…@…' is no domain; write one as 'example.co.jp'",
        ),
        (
            {"own_domains": ["acme.jp"], "vendor_domains": ["acme.jp"]},
            "identity.vendor_domains: 'acme.jp' stands in own_domains too",
        ),
        ({"apart_under": [3]}, "identity.apart_under[0]: must be text, not int 3"),
        ({"student_words": None}, "identity.student_words: must be a list, not NoneType None"),
        (
            {"individuals": "alone"},
            "identity.individuals: must be 'apart' or 'unmatched', not 'alone'",
        ),
    ],
)
def test_messages_say_what_would_work(given: dict[str, Any], message: str) -> None:
    """A message is one line: where, what, and what would have worked; no address in full."""
    with pytest.raises(InvalidDataError) as caught:
        IdentityPolicy(**given)
    assert str(caught.value) == message
