"""The policy of Acme: it passes every check of mpfunnel, and says what Acme wants."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from acme_tiers import ServicePoints

import mpfunnel as mf
from mpfunnel.testing import parametrize_with_checks

DAY = date(2026, 10, 31)
POLICY = ServicePoints(["大阪府", "福岡県"], machines=30)
MACHINES = mf.Product("machines")


@parametrize_with_checks([POLICY, ServicePoints(["愛知県"])], monotone=["machines"])
def test_the_policy_keeps_the_contract(check):
    """More machines never lower the Tier, unknown is not no, and whatever else mpfunnel checks."""
    check()


@pytest.mark.parametrize(
    ("known", "tier"),
    [
        ({"plants": ["大阪府", "北海道"], "machines": 30}, "Tier 1"),
        ({"plants": ["大阪府"], "machines": 29}, "Tier 2"),
        ({"plants": ["大分県"], "machines": 900}, "Tier 2"),
        ({"plants": ["北海道"]}, "Tier 3"),
        ({"plants": ["大阪府"]}, "undecided: Tier 1 or Tier 2"),
        ({"machines": 3}, "undecided: Tier 2 or Tier 3"),
        ({}, "undecided: Tier 1 or Tier 2 or Tier 3"),
    ],
)
def test_the_nearer_the_plants_the_higher_the_tier(known, tier):
    """A plant in the prefecture of a service point, next to it, or far away."""
    company = mf.Company(1, attributes=known)
    assert POLICY.tier_for(company, MACHINES, as_of=DAY).text() == tier


def test_a_playbook_file_names_the_policy(tmp_path: Path):
    """What is written is read again with the same options, by whoever has the policy."""
    book = mf.starter(["machines"], lang="ja")
    path = tmp_path / "playbook.toml"
    mf.dump(mf.Playbook(book.products, book.segments, POLICY, book.engagement, book.funnel), path)
    assert 'kind = "acme/service-points/1"' in path.read_text(encoding="utf-8")
    engine = mf.Engine(mf.load(path, kinds=[ServicePoints]))
    company = mf.Company(1, attributes={"plants": ["福岡県"], "machines": 31})
    assert engine.tier_for(company, "machines", as_of=DAY).because.ja == "拠点圏内に設備多数"
    with pytest.raises(mf.DecodeError, match="no such kind 'acme/service-points/1'"):
        mf.load(path)


def test_a_service_point_that_nobody_knows_is_refused():
    """A misspelt prefecture would put everybody into Tier 3."""
    with pytest.raises(
        ValueError, match="points: must be some of 大阪府, 愛知県, 福岡県, not 大坂府"
    ):
        ServicePoints(["大坂府"])
