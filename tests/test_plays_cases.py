"""Plays case by case: what is refused, and what a marketer would expect of single leads."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.errors import InvalidDataError, PlaybookError
from mpfunnel.facts import (
    FunnelFacts,
    account,
    any_product,
    company,
    contact,
    funnel,
    lead,
    product,
    pursuit,
)
from mpfunnel.plays import (
    NO_PLAY,
    PlannedPlay,
    Play,
    PlayRule,
    Plays,
    Timing,
    due_of,
    firm_table,
    not_before,
    play_tables,
)
from mpfunnel.records import (
    Activity,
    Company,
    Consent,
    Contract,
    Deal,
    DealLine,
    Lead,
    Override,
    Product,
    SalesEvent,
)
from mpfunnel.rules.facts import Scale
from mpfunnel.stages import Entry, StageHistory
from mpfunnel.tiers import Tier

DAY = date(2026, 10, 30)
CALL = Play("call", "call", channels=["phone", "email"], due_in_days=2, cadence_days=30)
MAIL = Play("mail", "mail", channels=["email"], due_in_days=5)
RENEW = Play("renew", "renew", before_end_days=90)


def told(problems: Any) -> list[str]:
    """What is wrong, with its code and path."""
    return [f"{one.code}: {one.path}: {one.message}" for one in problems]


# -- what is refused --


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (
            lambda: Play(" ", "x", message=1, channels="phone", owner=None),  # type: ignore[arg-type]
            [
                "blank: play.key: must not be blank",
                "type: play.message: must be text, not int 1",
                "type: play.channels: must be a list, not str",
                "type: play.owner: must be text, not NoneType None",
            ],
        ),
        (
            lambda: Play(
                3,  # type: ignore[arg-type]
                "x",
                channels=["phone", "phon", "phone", "x", []],  # type: ignore[list-item]
                due_in_days=-1,
                cadence_days=0,
                before_end_days=36_501,
                motion="sideways",  # type: ignore[arg-type]
                within_sla="yes",  # type: ignore[arg-type]
            ),
            [
                "type: play.key: must be text, not int 3",
                "choice: play.channels[1]: no such 'phon'; did you mean 'phone'?",
                "duplicate: play.channels[2]: 'phone' is used twice",
                ("choice: play.channels[3]: no such 'x'; there are email, phone, post, visit, web"),
                "choice: play.channels[4]: no such []; there are email, phone, post, visit, web",
                ("range: play.due_in_days: must be a number of days from 0 to 36,500, not -1"),
                ("range: play.cadence_days: must be a number of days from 1 to 36,500, not 0"),
                (
                    "range: play.before_end_days: "
                    "must be a number of days from 0 to 36,500, not 36501"
                ),
                "choice: play.motion: must be upstream or downstream, not 'sideways'",
                "type: play.within_sla: must be true or false, not str 'yes'",
            ],
        ),
        (
            lambda: Play("x", "x", due_in_days=True, cadence_days=1.5, motion=[]),  # type: ignore[arg-type]
            [
                "type: play.due_in_days: must be an integer, not bool True",
                "type: play.cadence_days: must be an integer, not float 1.5",
                "choice: play.motion: must be upstream or downstream, not []",
            ],
        ),
        (
            lambda: PlayRule(3, company.employees >= 3, True, None),  # type: ignore[arg-type]
            [
                "type: rule.play: must be text, not int 3",
                "type: rule.product: must be the id of a product, not bool True",
                "type: rule.key: must be text, not NoneType None",
            ],
        ),
        (
            lambda: PlayRule("x", _deep(40), None),  # type: ignore[arg-type]
            [
                "depth: rule.when: is nested more than 32 deep; split the rule",
                "type: rule.product: must be the id of a product, not NoneType None",
            ],
        ),
        (
            lambda: Plays(
                plays=[CALL, CALL, Play("none", "x")],
                products=[PlayRule("call", lead.title == "x"), "no rule"],  # type: ignore[list-item]
                firm=[
                    PlayRule("call", lead.title == "x", key="otherwise"),
                    PlayRule("call", lead.title == "x", key="k"),
                    PlayRule("call", lead.title == "x", key="k"),
                ],
                contacts=["call", " "],
                need_consent=["mail", "phone"],
                order=["tier", "play", "tier", "tiers"],  # type: ignore[list-item]
                at_once=0,
                quiet_days=-1,
            ),
            [
                "duplicate: plays[1].key: 'call' is used twice; keys are unique",
                "duplicate: plays[2].key: 'none' is reserved",
                "type: products[1]: must be a PlayRule, not str",
                "duplicate: firm[0].key: 'otherwise' is reserved",
                "duplicate: firm[2].key: 'k' is used twice; keys are unique",
                "type: contacts: must hold kinds of activities, which are text",
                "choice: need_consent[0]: no such 'mail'; did you mean 'email'?",
                "duplicate: order[2]: 'tier' is used twice",
                "choice: order[3]: no such 'tiers'; did you mean 'tier'?",
                "range: at_once: must be an integer of 1 or more, not 0",
                "range: quiet_days: must be a number of days from 0 to 36,500, not -1",
            ],
        ),
        (
            lambda: Plays(
                plays=[CALL],
                products=[PlayRule("cal", lead.title == "x"), PlayRule(None, lead.title == "x")],
                firm=[
                    PlayRule("xyz", lead.title == "x", "crm"),
                    PlayRule(CALL, lead.title == "x", 3),
                ],
                contacts="call",
                need_consent=3,  # type: ignore[arg-type]
                order=None,  # type: ignore[arg-type]
                at_once=True,
                quiet_days="7",  # type: ignore[arg-type]
            ),
            [
                "unknown-play: products[0].play: no such play 'cal'; did you mean 'call'?",
                "unknown-play: firm[0].play: no such play 'xyz'",
                "scope: firm[0].product: must be left out: the rule is about the whole firm",
                "scope: firm[1].product: must be left out: the rule is about the whole firm",
                "type: contacts: must be a list of kinds of activities, not str",
                "type: need_consent: must be a list, not int",
                "type: order: must be a list, not NoneType",
                "range: at_once: must be an integer of 1 or more, not True",
                "type: quiet_days: must be an integer, not str '7'",
            ],
        ),
        (
            lambda: Plays(
                plays="call",  # type: ignore[arg-type]
                products=3,  # type: ignore[arg-type]
                contacts=[["call"]],  # type: ignore[list-item]
                need_consent=[["email"]],  # type: ignore[list-item]
            ),
            [
                "type: plays: must be a list, not str 'call'",
                "type: products: must be a list, not int 3",
                "type: contacts: must be a list of kinds of activities, not tuple",
                (
                    "choice: need_consent[0]: no such ['email']; "
                    "there are email, phone, post, visit, web"
                ),
            ],
        ),
    ],
)
def test_what_is_no_play_and_no_rule_is_refused(make: Any, wanted: list[str]) -> None:
    """All that is wrong with one value is told at once, each with its path."""
    with pytest.raises(InvalidDataError) as caught:
        make()
    assert told(caught.value.problems) == wanted


def _deep(depth: int) -> Any:
    found: Any = company.employees >= 3
    for number in range(depth):
        found = (found & (company.employees >= number)) | (company.employees >= number)
    return found


def test_a_playbook_refuses_what_its_plays_cannot_name() -> None:
    """Unknown products, families, levels and segments, and facts that nobody knows there."""
    stages = FunnelFacts(Scale(("cold", "hot"))).stage
    plays = Plays(
        plays=[CALL],
        products=[
            PlayRule("call", lead.title == "x", "crn"),
            PlayRule("call", lead.title == "x", "family:offic"),
            PlayRule("call", lead.title == "x", "family:office"),
            PlayRule("call", lead.title == "x", 1),
            PlayRule("call", pursuit.open_deal),
            PlayRule("call", stages.at_least("hot")),
            PlayRule("call", any_product(product.tier.at_least(Tier(2)))),
            PlayRule("call", company.segment.is_in("partnr")),
        ],
        firm=[
            PlayRule("call", product.score >= 3),
            PlayRule("call", product.tier.at_least(Tier(2))),
        ],
    )
    products = [Product("crm", family="office"), Product("sfa")]
    of_firm = "company, lead, account, funnel, contact"
    with pytest.raises(PlaybookError) as caught:
        evolve(mf.starter(products), plays=plays)
    assert told(caught.value.problems) == [
        "unknown-product: plays.products[0].product: no such product; did you mean 'crm'?",
        "unknown-family: plays.products[1].product: no such family; did you mean 'office'?",
        "unknown-product: plays.products[3].product: no such product",
        (
            "scope: plays.products[4].when.pursuit.open_deal: "
            f"cannot be asked here, where only {of_firm}, product is known"
        ),
        ("unknown-fact: plays.products[5].when.funnel.stage: has other levels than the playbook"),
        (
            "scope: plays.products[6].when.any_product: "
            "ranges over products, which only the rules of the funnel can"
        ),
        (
            "unknown-level: plays.products[7].when.company.segment: "
            "no such segment 'partnr'; did you mean 'partner'?"
        ),
        (
            "scope: plays.firm[0].when.product.score: "
            f"cannot be asked here, where only {of_firm} is known"
        ),
        (
            "scope: plays.firm[1].when.product.tier: "
            f"cannot be asked here, where only {of_firm} is known"
        ),
    ]
    with pytest.raises(PlaybookError, match="plays: must be a Plays, not str 'none'"):
        evolve(mf.starter(["crm"]), plays="none")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "when",
    [
        funnel.stage.at_least("mql"),
        contact.email.is_true(),
        product.position.is_in("owned"),
    ],
)
def test_other_rules_do_not_ask_what_plays_ask(when: Any) -> None:
    """The stage, the channels and the white space are for rules about what to do next."""
    book = mf.starter(["crm"])
    model = book.engagement["crm"]
    states = evolve(model.states, rules=(mf.Rule(model.ladder[0], when), *model.states.rules))
    with pytest.raises(PlaybookError, match="cannot be asked here"):
        evolve(book, engagement=evolve(model, states=states))


def test_a_playbook_without_plays_has_the_version_it_had() -> None:
    """What came later counts only where it is used, and then it does."""
    book = evolve(mf.starter(["crm"]), plays=Plays())
    versions = {
        evolve(book, plays=plays).version
        for plays in (
            Plays(),
            Plays(plays=[CALL]),
            Plays(plays=[evolve(CALL, cadence_days=31)]),
            Plays(plays=[CALL], quiet_days=1),
            Plays(plays=[CALL], contacts=["call"]),
        )
    }
    assert len(versions) == 5
    # Labels and reasons do not count.
    renamed = Plays(plays=[evolve(CALL, label="ring")])
    assert evolve(book, plays=renamed).version == evolve(book, plays=Plays(plays=[CALL])).version


# -- what gives a play --


def ruled(
    *firm: PlayRule, products: Any = (), plays: Any = (CALL, MAIL, RENEW), **named: Any
) -> Plays:
    """Plays with rules about the firm, and others about products."""
    return Plays(plays=plays, firm=firm, products=products, contacts=["call"], **named)


ALWAYS = ~company.on_list("nobody")
BOOK = mf.starter(["A", "B", "C"], zone="UTC")
ONE = Lead(1, "c")


def at(days: int, hour: int = 12) -> datetime:
    """An instant so many days after the day."""
    return datetime.combine(DAY, time(hour), UTC) + timedelta(days)


def did(number: int, kind: str, days: int, *products: str, lead_id: int = 1) -> Activity:
    """An activity so many days after the day."""
    return Activity(number, lead_id, kind, at(days), products)


def planned(plays: Plays, as_of: date = DAY, **records: Any) -> dict[Any, PlannedPlay]:
    """The plays for lead 1 of a company, by product."""
    given: dict[str, Any] = {"company": Company("c"), "leads": [ONE], **records}
    answer = mf.Engine(evolve(BOOK, plays=plays)).assess(Account(**given), as_of=as_of)
    return {one.product_id: one for one in answer.plays}


def test_rules_of_a_product_its_family_and_all() -> None:
    """The first that is about the product decides; products with equal rules share a table."""
    rules = [
        PlayRule(None, lead.title == "x", "A", key="a"),
        PlayRule(CALL, lead.title == "x", "family:office", key="office"),
        PlayRule("mail", lead.title == "x"),
    ]
    plays = Plays(plays=[CALL, MAIL], products=rules)
    products = {
        one.id: one
        for one in (Product("A", family="office"), Product("B", family="office"),
                    Product("C"), Product("D"), Product(1))
    }  # fmt: skip
    tables = play_tables(plays, products)
    assert [[rule.key for rule in one.rules] for one in tables.values()] == [
        ["a", "office", "play-3"],
        ["office", "play-3"],
        ["play-3"],
        ["play-3"],
        ["play-3"],
    ]
    assert tables["C"] is tables["D"]
    assert [rule.outcome for rule in tables["A"].rules] == [NO_PLAY, CALL, MAIL]
    assert tables["A"].otherwise == NO_PLAY
    assert firm_table(plays).rules == ()
    assert rules[2].because.en == "title x"
    assert plays.play("none") == NO_PLAY


def test_a_playbook_without_rules_plans_nothing() -> None:
    """Nor is anything worked out for it; the play of a lead can be asked for all the same."""
    assert planned(Plays(plays=[CALL]), activities=[did(1, "inquiry", 0, "A")]) == {}
    engine = mf.Engine(evolve(BOOK, plays=Plays()))
    text = engine.explain("play", Account(leads=[ONE]), 1, "A", as_of=DAY)
    assert text.startswith("nothing to do — no rule gives a play [otherwise]")
    assert engine.explain("play", Account(leads=[ONE]), 1, as_of=DAY, lang="ja").startswith(
        "対応なし — 該当する次の一手なし [otherwise]"
    )


def test_a_product_is_asked_for_where_there_is_an_engagement() -> None:
    """S23: any sign for it, or a state set by hand, and not otherwise; the firm always."""
    plays = ruled(PlayRule(CALL, ALWAYS), products=[PlayRule(MAIL, ALWAYS)], at_once=4)
    hand = Override(
        "engagement", "none", lead_id=1, product_id="C", by="森", reason="x", since=DAY, until=None
    )
    found = planned(plays, activities=[did(1, "page_view", 0, "B")], overrides=[hand])
    assert found.keys() == {"B", "C", None}
    assert planned(plays).keys() == {None}


def test_people_without_company_have_plays_too() -> None:
    """Unmatched is not unloved: what they did, bought and own themselves is asked for."""
    owned = PlayRule(MAIL, product.position.is_in("owned"), key="owned")
    pipeline = PlayRule(CALL, product.position.is_in("in_pipeline"), key="pipeline")
    gone = PlayRule(None, product.position.is_in("not_eligible"), key="gone")
    plays = ruled(PlayRule(RENEW, account.owns("A")), products=[owned, pipeline, gone], at_once=9)
    products = [Product("A"), Product("B"), Product("C", sold_until=DAY - timedelta(1))]
    deals = [
        Deal("d1", "elsewhere", at(-9), [DealLine("A")], status="won", closed_at=at(-2), lead_id=1),
        Deal("d2", "elsewhere", at(-9), [DealLine("B")], lead_id=1),
    ]
    engine = mf.Engine(evolve(BOOK, plays=plays, products=products))
    given = Account(None, leads=[Lead(1)], deals=deals, activities=[did(1, "inquiry", 0, "C")])
    told_ = engine.assess(given, as_of=DAY)
    assert [(one.product_id, one.play, one.company_id, one.turn) for one in told_.plays] == [
        ("B", CALL, None, 1),
        ("A", MAIL, None, 2),
        (None, RENEW, None, 3),
    ]
    assert engine.explain("play", given, 1, "C", as_of=DAY).splitlines()[0].endswith("[gone]")


# -- by when --


def test_the_latest_sign_calls_for_it() -> None:
    """Whatever the lead did about the product or the firm, and what sales said of it."""
    plays = ruled(PlayRule(CALL, ALWAYS), products=[PlayRule(MAIL, ALWAYS)], at_once=9)
    found = planned(
        plays,
        activities=[did(1, "inquiry", -9, "A"), did(2, "inquiry", -4, "B"), did(3, "call", -30)],
        sales_events=[SalesEvent(1, "accepted", at(-6))],
    )
    days = {p: (one.due, one.due_by) for p, one in found.items()}
    assert days == {
        # Sales said something of the firm after what it did about A.
        "A": (DAY - timedelta(6 - 5), "sign"),
        "B": (DAY - timedelta(4 - 5), "sign"),
        None: (DAY - timedelta(4 - 2), "sign"),
    }


def test_a_contact_of_the_same_day_came_after_the_sign() -> None:
    """Who was called on the day of the inquiry is not called again at once."""
    plays = ruled(products=[PlayRule(CALL, ALWAYS, "A"), PlayRule(MAIL, ALWAYS)], at_once=9)
    signs = [did(1, "inquiry", -3, "A", "B")]
    for contacts, wanted in (
        ([], {"A": (-1, "sign"), "B": (2, "sign")}),
        ([did(2, "call", -4, "A", "B")], {"A": (-1, "sign"), "B": (2, "sign")}),
        ([did(2, "call", -3, "A", "B")], {"A": (27, "cadence"), "B": (None, "done")}),
        ([did(2, "call", -2)], {"A": (28, "cadence"), "B": (None, "done")}),
        # About another product is about another product.
        ([did(2, "call", -2, "C")], {"A": (-1, "sign"), "B": (2, "sign")}),
    ):
        found = planned(plays, activities=[*signs, *contacts])
        days = {p: (one.due and (one.due - DAY).days, one.due_by) for p, one in found.items()}
        assert {p: days[p] for p in ("A", "B")} == wanted
        assert not found["B"].is_due_on(DAY)
        assert found["A"].is_due_on(DAY) is (wanted["A"][1] == "sign" and not found["A"].waits_for)


def test_a_play_is_due_on_its_day() -> None:
    """Neither before it, nor never any more."""
    plays = ruled(PlayRule(CALL, ALWAYS))
    given = Account(Company("c"), leads=[ONE], activities=[did(1, "inquiry", 0)])
    engine = mf.Engine(evolve(BOOK, plays=plays))
    listed = {
        days: len(engine.today([engine.assess(given, as_of=DAY + timedelta(days))]))
        for days in (0, 1, 2, 3, 400)
    }
    assert listed == {0: 0, 1: 0, 2: 1, 3: 1, 400: 1}


def test_where_nobody_has_heard_of_each_other_it_is_due_at_once() -> None:
    """A lead that was bought in a list, for example."""
    one = planned(ruled(PlayRule(CALL, ALWAYS)))[None]
    assert (one.due, one.due_by) == (DAY, "never")
    # What was there was a contact of ours.
    two = planned(ruled(PlayRule(CALL, ALWAYS)), activities=[did(1, "call", -1)])[None]
    assert (two.due, two.due_by) == (DAY + timedelta(29), "cadence")


def test_a_contract_that_ends_says_when() -> None:
    """So many days before the last of those that run; none where one of them has no end.

    Until then, and once the lead was contacted, the play is due as any other.
    """
    rules = [PlayRule(RENEW, ALWAYS, "A"), PlayRule(CALL, ALWAYS)]
    plays = ruled(products=rules, at_once=9)
    ends = DAY + timedelta(80)

    def held(*days: int | None) -> list[Contract]:
        return [
            Contract(
                "c", product_id, DAY - timedelta(500), None if by is None else DAY + timedelta(by)
            )
            for by in days
            for product_id in ("A", "B")
        ]

    for contracts, wanted in (
        (held(80), (ends - timedelta(90), "contract_end")),
        (held(20, 80, -1), (ends - timedelta(90), "contract_end")),
        (held(90), (DAY, "contract_end")),
        (held(91), (DAY, "sign")),
        (held(0), (DAY - timedelta(90), "contract_end")),
        (held(-1), (DAY, "sign")),
        (held(80, None), (DAY, "sign")),
        ([Contract("c", "A", DAY + timedelta(1), ends)], (DAY, "sign")),
        # The end of the calendar is no end.
        ([Contract("c", "A", DAY, date.max)], (DAY, "sign")),
    ):
        found = planned(plays, contracts=contracts, activities=[did(1, "inquiry", 0, "A", "B")])
        assert (found["A"].due, found["A"].due_by) == wanted
        assert found["B"].due_by == "sign"
    seen = [did(1, "inquiry", 0, "A", "B")]
    for ago, due_by in ((10, "sign"), (11, "contract_end")):
        called = [*seen, did(2, "call", -ago, "A")]
        assert planned(plays, contracts=held(80), activities=called)["A"].due_by == due_by


def test_days_set_by_people() -> None:
    """With a state by hand, by sales about the product or the firm, or with a move."""
    plays = ruled(PlayRule(CALL, ALWAYS), products=[PlayRule(CALL, ALWAYS)], at_once=9)
    later = [DAY + timedelta(days) for days in range(9)]
    past = DAY - timedelta(1)

    def hand(day: date | None, until: date | None = None) -> Override:
        return Override(
            "engagement", "aware", lead_id=1, product_id="A", by="森", reason="x",
            since=DAY - timedelta(9), until=until, follow_up_on=day,
        )  # fmt: skip

    def said(days: int, product_id: str | None, day: date | None) -> SalesEvent:
        return SalesEvent(1, "follow_up", at(days), product_id, follow_up_on=day)

    def moved(day: date | None, left: datetime | None = None) -> StageHistory:
        first = Entry(1, 1, 1, "sal", at(-9), left, "forward", "person", follow_up_on=day)
        rest = [] if left is None else [Entry(1, 2, 1, "sql", left, None, "forward", "person")]
        return StageHistory(1, [first, *rest])

    def due(**records: Any) -> dict[Any, Any]:
        activities = [did(1, "inquiry", -1, "A", "B")]
        found = planned(plays, activities=activities, **records)
        return {p: one.due for p, one in found.items() if one.due_by == "person"}

    for records, wanted in (
        ({"overrides": [hand(later[3])]}, {"A": later[3]}),
        ({"overrides": [hand(DAY)]}, {"A": DAY}),
        ({"overrides": [hand(past)]}, {}),
        ({"overrides": [hand(later[3], until=past)]}, {}),
        # A state by hand is newer than a word of sales, whenever that was said.
        (
            {"overrides": [hand(later[3])], "sales_events": [said(0, "A", later[5])]},
            {"A": later[3], None: later[5]},
        ),
        (
            {"overrides": [hand(past)], "sales_events": [said(0, "A", later[5])]},
            {"A": later[5], None: later[5]},
        ),
        ({"sales_events": [said(0, "A", later[5])]}, {"A": later[5], None: later[5]}),
        (
            {"sales_events": [said(0, None, later[5])]},
            {"A": later[5], "B": later[5], "C": later[5], None: later[5]},
        ),
        # The latest that states one, be it sooner or passed.
        (
            {
                "sales_events": [
                    said(-2, "A", later[5]),
                    said(-1, "A", later[2]),
                    said(0, "A", None),
                ]
            },
            {"A": later[2], None: later[2]},
        ),
        ({"sales_events": [said(-2, "A", later[5]), said(-1, "A", past)]}, {}),
        ({"histories": [moved(later[4])]}, {None: later[4]}),
        # A move is about the firm, and comes before what sales said.
        (
            {"histories": [moved(later[4])], "sales_events": [said(0, "A", later[5])]},
            {"A": later[5], None: later[4]},
        ),
        # A stage that the lead has left asks for nothing any more.
        ({"histories": [moved(later[4], at(-2))]}, {}),
    ):
        assert due(**records) == wanted


def test_days_at_the_ends_of_the_calendar() -> None:
    """What would lie outside of it lies at its end."""
    far = Play("far", "far", due_in_days=36_500, cadence_days=36_500, before_end_days=36_500)
    for first, last in ((date.min, date.min), (date.max, date.max)):
        assert due_of(far, Timing(), as_of=first) == (first, "never")
        sign = due_of(far, Timing(sign=first), as_of=first)
        again = due_of(far, Timing(contact=first), as_of=first)
        ends = due_of(far, Timing(ends=last), as_of=first)
        if first == date.max:
            assert (sign, again) == ((date.max, "sign"), (date.max, "cadence"))
        else:
            assert ends == (date.min, "contract_end")
    plays = ruled(quiet_days=36_500)
    assert not_before(None, date.max - timedelta(3), plays, as_of=DAY) == date.max
    assert not_before(None, date.max, plays, as_of=date.max) is None


@pytest.mark.parametrize("day", [date.min, date.max])
def test_an_account_at_the_ends_of_the_calendar(day: date) -> None:
    """Every question has its answer there, and in a zone of the other side, too."""
    plays = ruled(PlayRule(CALL, ALWAYS), products=[PlayRule(RENEW, ALWAYS)], quiet_days=9)
    hand = Override(
        "engagement", "aware", lead_id=1, product_id="A", by="森", reason="x", since=date.min,
        until=None, follow_up_on=date.max,
    )  # fmt: skip
    contract = Contract("c", "A", date.min, date.max - timedelta(1))
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        engine = mf.Engine(evolve(BOOK, plays=plays, zone=zone))
        given = Account(Company("c"), leads=[ONE], overrides=[hand], contracts=[contract])
        found = {one.product_id: one for one in engine.assess(given, as_of=day).plays}
        assert (found["A"].due, found["A"].due_by) == (date.max, "person")
        assert engine.explain("play", given, 1, "A", as_of=day)


# -- through what --


def test_the_first_channel_that_is_allowed() -> None:
    """Of one that needs a consent, silence is no consent; of the others, it is."""
    play = Play("reach", "reach", channels=["email", "phone", "visit"])

    def reached(need: Any = ("email",), **said: bool) -> tuple[Any, Any]:
        consents = [Consent(channel, granted, at(-1)) for channel, granted in said.items()]  # type: ignore[arg-type]
        plays = Plays(plays=[play], firm=[PlayRule(play, ALWAYS)], need_consent=need)
        one = planned(plays, leads=[Lead(1, "c", consents=consents)])[None]
        return one.channel, one.left_out

    assert reached() == ("phone", ("email",))
    assert reached(email=True) == ("email", ())
    assert reached(need=()) == ("email", ())
    assert reached(email=False, phone=False) == ("visit", ("email", "phone"))
    assert reached(need=("email", "phone", "visit")) == (None, ("email", "phone", "visit"))
    # The play stands, though there is no way.
    assert reached(phone=False, visit=False) == (None, ("email", "phone", "visit"))
    one = planned(Plays(plays=[RENEW], firm=[PlayRule(RENEW, ALWAYS)]))[None]
    assert (one.channel, one.left_out) == (None, ())


# -- whose turn --


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (["open_deal"], "BAC*"),
        (["due"], "CAB*"),
        (["play"], "C*AB"),
        (["interest"], "ABC*"),
        (["tier"], "CAB*"),
        (["last_contact"], "BAC*"),
        ([], "ABC*"),
        (["tier", "interest"], "CAB*"),
        (["interest", "play"], "ACB*"),
    ],
)
def test_what_decides_whose_turn_it_is(order: Any, wanted: str) -> None:
    """Each criterion by itself; what ties is told apart by the next one, at last by the id.

    The firm, ``*``, takes part, and comes last of what ties.
    """
    rules = [PlayRule(CALL, ALWAYS, "C"), PlayRule(MAIL, ALWAYS)]
    plays = ruled(PlayRule(CALL, ALWAYS), products=rules, order=order)
    tier = Override(
        "tier", "tier_1", company_id="c", product_id="C", by="森", reason="x", since=DAY, until=None
    )
    found = planned(
        plays,
        activities=[
            *(did(number, "inquiry", -number, "A") for number in range(3)),
            did(3, "page_view", -3, "B", "C"),
            did(4, "call", -9, "A"),
            did(5, "call", -8, "B"),
        ],
        deals=[Deal("d", "c", at(-9), [DealLine("B")])],
        overrides=[tier],
    )
    assert "".join("*" if p is None else str(p) for p in found) == wanted
    first, *others = found.values()
    assert (first.turn, first.waits_for) == (1, ())
    assert [(one.turn, one.waits_for) for one in others] == [
        (turn, (first.product_id,)) for turn in (2, 3, 4)
    ]


def test_ids_that_are_numbers_are_in_order_of_numbers() -> None:
    """2 before 10, however the playbook lists them."""
    book = mf.starter([10, 2, 1], zone="UTC")
    plays = Plays(plays=[CALL], products=[PlayRule(CALL, ALWAYS)], at_once=2, order=())
    engine = mf.Engine(evolve(book, plays=plays))
    seen = Activity(1, 1, "inquiry", at(0), [1, 2, 10])
    found = engine.assess(Account(leads=[Lead(1)], activities=[seen]), as_of=DAY).plays
    assert [(one.product_id, one.waits_for) for one in found] == [(1, ()), (2, ()), (10, (1, 2))]
    assert found[0].claim.tie < found[1].claim.tie < found[2].claim.tie


def test_a_product_waits_after_a_contact_about_another_one() -> None:
    """For the quiet days; the product that it was about goes on."""
    plays = ruled(
        PlayRule(CALL, ALWAYS), products=[PlayRule(CALL, ALWAYS)], at_once=9, quiet_days=7
    )
    signs = [did(1, "inquiry", 0, "A", "B")]

    def waits(*contacts: Activity) -> dict[Any, int]:
        found = planned(plays, activities=[*signs, *contacts])
        return {p: (one.not_before - DAY).days for p, one in found.items() if one.not_before}

    assert waits(did(2, "call", -3, "A")) == {"B": 4, None: 4}
    assert waits(did(2, "call", -6, "A")) == {"B": 1, None: 1}
    assert waits(did(2, "call", -7, "A")) == {}
    assert waits(did(2, "call", -3, "A", "B")) == {None: 4}
    assert waits(did(2, "call", -3, "A"), did(3, "call", -2, "B")) == {"A": 5, None: 5}
    # A contact of the whole firm is about no product.
    assert waits(did(2, "call", -3)) == {}
    assert waits(did(2, "call", -3, "A"), did(3, "call", -2)) == {"B": 4}
    one = planned(plays, activities=[*signs, did(2, "call", -3, "A")])["B"]
    later = evolve(one, due=DAY)
    assert [later.is_due_on(DAY + timedelta(by)) for by in (0, 3, 4)] == [False, False, True]


def test_the_company_of_one_day_is_asked() -> None:
    """A rule that nobody can decide yet goes by its value as of now, and says what is possible."""
    plays = ruled(
        PlayRule(CALL, company.employees >= 300, key="large"), PlayRule(None, ~ALWAYS, key="x"),
        PlayRule(MAIL, ALWAYS, key="rest"),
    )  # fmt: skip
    one = planned(plays)[None]
    assert (one.play, one.decision.rule) == (MAIL, "rest")
    assert (one.decision.possible, one.decision.missing) == ((CALL, MAIL), ("company.employees",))
    assert one.text() == "undecided: call or mail — not (target lists has any of nobody)"
    large = planned(plays, company=Company("c", employees=300))[None]
    assert (large.play, large.decision.settled) == (CALL, True)


def test_what_changes_is_told() -> None:
    """A play that is another one, is there no more, or is new."""
    rules = [PlayRule(CALL, lead.title == "x"), PlayRule(MAIL, lead.title == "y")]
    engine = mf.Engine(evolve(BOOK, plays=ruled(*rules)))
    answers = [
        engine.assess(Account(Company("c"), leads=[Lead(1, "c", title=title)]), as_of=DAY)
        for title in ("x", "y", "z")
    ]
    moved = [
        [(one.before, one.after) for one in mf.changes(*pair) if one.what == "play"]
        for pair in ((None, answers[0]), (answers[0], answers[1]), (answers[1], answers[2]))
    ]
    assert moved == [[(None, "call")], [("call", "mail")], [("mail", None)]]


# -- what nobody thought of --


def test_names_that_look_like_others() -> None:
    """Products called like what stands for none, plays called like rules: each is itself."""
    plays = [Play("otherwise", "x"), Play("play-2", "y"), Play("firm", "z")]
    rules = [PlayRule("play-2", ALWAYS, "none"), PlayRule("otherwise", ALWAYS, "firm")]
    book = evolve(
        mf.starter(["none", "firm"], zone="UTC"),
        plays=Plays(plays=plays, products=rules, firm=[PlayRule("firm", ALWAYS)], order=["play"]),
    )
    given = Account(leads=[Lead(1)], activities=[did(1, "inquiry", 0, "none", "firm")])
    answer = mf.Engine(book).assess(given, as_of=DAY)
    assert [(one.product_id, one.play.key, one.decision.rule) for one in answer.plays] == [
        ("firm", "otherwise", "play-2"),
        ("none", "play-2", "play-1"),
        (None, "firm", "play-1"),
    ]
    assert [row["waits_for"] for row in answer.rows()["plays"]] == ["", "firm", "firm"]


def test_a_stage_that_the_funnel_has_no_more() -> None:
    """It is no level of the ladder, and none of those that a rule names."""
    stages = [funnel.stage.at_least("mql"), funnel.stage.at_most("mql"), ~funnel.stage.is_in("mql")]
    plays = ruled(*(PlayRule(CALL, when) for when in stages))
    entry = Entry(1, 1, 1, "gone", at(-9), None, "forward", "person", follow_up_on=DAY)
    one = planned(plays, histories=[StageHistory(1, [entry])])[None]
    assert (one.decision.rule, one.decision.settled) == ("play-3", True)
    assert (one.due, one.due_by) == (DAY, "person")
    # Of histories that contradict each other, none counts.
    other = StageHistory(1, [evolve(entry, stage="sal")])
    two = planned(plays, histories=[StageHistory(1, [entry]), other])[None]
    assert (two.decision.rule, two.due_by) == ("play-2", "never")


def test_more_turns_and_days_than_there_are() -> None:
    """A contact about one product keeps all others waiting for a century; all have their turn."""
    daily = Play("daily", "daily", cadence_days=1)
    plays = Plays(
        plays=[daily],
        products=[PlayRule(daily, ALWAYS)],
        firm=[PlayRule(daily, ALWAYS)],
        # What is a sign that counts may be a contact all the same.
        contacts=["call", "seminar_attended"],
        quiet_days=36_500,
        at_once=10**9,
    )
    met = [did(1, "seminar_attended", -1, "A"), did(2, "page_view", -1, "B", "C")]
    found = planned(plays, activities=met)
    free = DAY - timedelta(1) + timedelta(36_500)
    assert {p: (one.due_by, one.not_before, one.waits_for) for p, one in found.items()} == {
        "A": ("cadence", None, ()),
        "B": ("sign", free, ()),
        "C": ("sign", free, ()),
        None: ("cadence", free, ()),
    }
    assert [p for p, one in found.items() if one.is_due_on(DAY)] == ["A"]
    assert all(one.is_due_on(free) for one in found.values())


class _Broken:
    kind, tiers = "acme/broken/1", (Tier(1), Tier(3))

    def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Any:  # noqa: ARG002
        raise RuntimeError("out of order")


class _Unsure:
    kind, tiers = "acme/unsure/1", (Tier(1), Tier(3))

    def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Any:  # noqa: ARG002
        return mf.undecided(Tier(3), possible=self.tiers, missing=["region"], because="?")


def test_policies_of_the_firms_own() -> None:
    """One that fails says so; of one that is unsure, what is possible shows in the play."""
    rules = [PlayRule(CALL, product.tier.at_least(Tier(2)), key="high"), PlayRule(MAIL, ALWAYS)]
    plays = ruled(products=rules)
    given = Account(Company("c"), leads=[ONE], activities=[did(1, "inquiry", 0, "A")])
    with pytest.raises(mf.PolicyError, match="acme/broken/1 on company 'c': raised"):
        mf.Engine(evolve(BOOK, plays=plays, tiers=_Broken())).assess(given, as_of=DAY)
    engine = mf.Engine(evolve(BOOK, plays=plays, tiers=_Unsure()))
    (one,) = engine.assess(given, as_of=DAY).plays
    assert (one.play, one.decision.possible, one.tier) == (MAIL, (CALL, MAIL), "tier_3")
    assert one.decision.missing == ("company.region",)
    # By hand, nobody is unsure.
    tier = Override(
        "tier", "tier_1", company_id="c", product_id="A", by="森", reason="x", since=DAY, until=None
    )
    (one,) = engine.assess(evolve(given, overrides=[tier]), as_of=DAY).plays
    assert (one.play, one.decision.settled, one.tier) == (CALL, True, "tier_1")


def test_hundreds_of_products() -> None:
    """Each of a lead's has its play, and one of them its turn."""
    book = evolve(
        mf.starter(range(300), zone="UTC"), plays=ruled(products=[PlayRule(CALL, ALWAYS)])
    )
    seen = Activity(1, 1, "inquiry", at(-5), range(300))
    engine = mf.Engine(book)
    answer = engine.assess(Account(leads=[Lead(1)], activities=[seen]), as_of=DAY)
    assert [one.product_id for one in answer.plays] == [*range(300)]
    assert {one.waits_for for one in answer.plays[1:]} == {(0,)}
    assert [one.product_id for one in engine.today([answer])] == [0]


def test_answers_travel() -> None:
    """Plays and cells are values: they pickle, hash and compare."""
    engine = mf.Engine(mf.starter(["A"]))
    answer = engine.assess(Account(leads=[ONE], activities=[did(1, "inquiry", 0, "A")]), as_of=DAY)
    again, cells = pickle.loads(pickle.dumps((answer, engine.playbook.uncovered())))
    assert answer.plays
    assert (again, cells) == (answer, engine.playbook.uncovered())
    assert {*again.plays} == {*answer.plays}
    assert pickle.loads(pickle.dumps(engine)).assess(Account(leads=[ONE]), as_of=DAY).plays
