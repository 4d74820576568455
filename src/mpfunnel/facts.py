"""The marketing facts that rules may ask about, in the field's words.

    from mpfunnel.facts import company, product

    big_maker = (company.employees >= 300) & company.industry.is_in("製造業", "情報通信業")
    keen = (product.score >= 30) & (product.active_days >= 2)

`company` and `lead` are what the CRM holds; `group` is what the company is together with its
parents and subsidiaries; `account` is what the company itself has of us; `product` is how a lead
and its company stand with one product; `pursuit` is the lead's current way towards that product
(S19); `funnel` is where the lead stands with the whole firm; `contact` is how it may be contacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NoReturn, cast, overload

from immutabledict import immutabledict

from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    UnknownNameError,
    brief,
    did_you_mean,
    misfit,
    misfits,
    series,
    shown,
)
from mpfunnel.groups import ROOT
from mpfunnel.labels import Label, counted
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Condition, Exists
from mpfunnel.rules.facts import Fact, Kind, Scale
from mpfunnel.rules.terms import (
    DateTerm,
    FlagTerm,
    LevelTerm,
    NumberTerm,
    SetTerm,
    Term,
    TextTerm,
    term_for,
)

__all__ = [
    "ANY_KEY",
    "ENGAGEMENT",
    "STAGES",
    "TIERS",
    "WHITE_SPACE",
    "AccountFacts",
    "CompanyFacts",
    "ContactFacts",
    "Facts",
    "FunnelFacts",
    "GroupFacts",
    "LeadFacts",
    "ProductFacts",
    "PursuitFacts",
    "account",
    "any_product",
    "company",
    "contact",
    "funnel",
    "group",
    "lead",
    "measure",
    "product",
    "pursuit",
]

TIERS: Final = Scale(
    tuple(f"tier_{number}" for number in range(9, 0, -1)),
    ("no_tier",),
    immutabledict({f"tier_{number}": Label(f"Tier {number}") for number in range(1, 10)}),
)
"""Tier 1 is the highest rung; ``no_tier`` is that of what is no product: the whole firm."""
ENGAGEMENT: Final = Scale(
    ("none", "aware", "interested", "high_interest"),
    ("priority_follow_up", "in_opportunity", "customer", "dormant", "excluded"),
    immutabledict(
        {
            "none": Label("none", "反応なし"),
            "aware": Label("aware", "接触あり"),
            "interested": Label("interested", "関心あり"),
            "high_interest": Label("high interest", "関心度・高"),
            "priority_follow_up": Label("priority follow-up", "重点フォロー"),
            "in_opportunity": Label("in opportunity", "商談中"),
            "customer": Label("customer", "導入済み"),
            "dormant": Label("dormant", "休眠"),
            "excluded": Label("excluded", "フォロー対象外"),
        }
    ),
)
"""The engagement states of the starter."""
STAGES: Final = Scale(
    ("known", "inquiry", "mql", "sal", "sql", "opportunity", "customer"),
    ("recycled", "disqualified", "lost", "dormant"),
    immutabledict(
        {
            "known": Label("known", "保有リード"),
            "inquiry": Label("inquiry", "獲得リード"),
            "mql": Label("MQL"),
            "sal": Label("SAL"),
            "sql": Label("SQL"),
            "opportunity": Label("opportunity", "商談"),
            "customer": Label("customer", "受注"),
            "recycled": Label("recycled", "再育成"),
            "disqualified": Label("disqualified", "対象外"),
            "lost": Label("lost", "失注"),
            "dormant": Label("dormant", "休眠"),
        }
    ),
)
"""The funnel stages of the starter."""
WHITE_SPACE: Final = Scale(
    (),
    ("owned", "in_pipeline", "untapped", "not_eligible"),
    immutabledict(
        {
            "owned": Label("owned", "導入済み"),
            "in_pipeline": Label("in the pipeline", "商談中"),
            "untapped": Label("untapped", "未開拓"),
            "not_eligible": Label("not eligible", "提案対象外"),
        }
    ),
)
"""Where a company stands with a product; no position is higher than another."""
ANY_KEY: Final = Scale(())
"""Keys that only the whole playbook knows, such as those of the segments."""

_PEOPLE: Final = Label("people", "人")
_POINTS: Final = Label("points", "点")
_DAYS: Final = Label("days", "日")
_KINDS: Final[dict[type, Kind]] = {
    int: "int",
    Decimal: "decimal",
    float: "float",
    bool: "bool",
    str: "text",
    date: "date",
    frozenset: "set",
}


def _text(name: str, en: str, ja: str) -> TextTerm:
    return TextTerm(Fact(name, "text", label=Label(en, ja)))


def _set(name: str, en: str, ja: str) -> SetTerm:
    return SetTerm(Fact(name, "set", open=False, label=Label(en, ja)))


def _flag(name: str, en: str, ja: str) -> FlagTerm:
    return FlagTerm(Fact(name, "bool", open=False, label=Label(en, ja)))


def _level(name: str, scale: Scale, en: str, ja: str) -> LevelTerm:
    return LevelTerm(Fact(name, "level", scale=scale, label=Label(en, ja)))


class Facts:
    """Facts of one root, by their names."""

    root: str

    def named(self, name: str) -> Term:
        """Return the fact of that name.

        Raises:
            UnknownNameError: There is none.
        """
        if name not in self.names():
            raise UnknownNameError(f"no such fact{did_you_mean(name, self.names())}")
        return cast(Term, getattr(self, name))

    def names(self) -> list[str]:
        """Return the names of all facts that need no declaration."""
        held = {**vars(type(self)), **vars(self)}
        return [name for name, value in held.items() if isinstance(value, Term)]

    def __getattr__(self, name: str) -> NoReturn:
        hint = did_you_mean(name, self.names())
        raise AttributeError(f"{self.root}.{shown(name)}: no such fact{hint}")


class _WithAttributes(Facts):
    """Facts of a record that may hold custom attributes."""

    @overload
    def attribute(
        self, name: str, kind: type[int], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[str], *, closed: bool = ..., label: Label | None = ...
    ) -> TextTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[float], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[Decimal], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[date], *, closed: bool = ..., label: Label | None = ...
    ) -> DateTerm: ...
    @overload
    def attribute(
        self,
        name: str,
        kind: type[frozenset[str]],
        *,
        closed: bool = ...,
        label: Label | None = ...,
    ) -> SetTerm: ...
    def attribute(
        self, name: str, kind: type[Any], *, closed: bool = False, label: Label | None = None
    ) -> Term:
        """Return a custom attribute as a fact.

        Args:
            name: The key in the record's `attributes`.
            kind: The type of its values: int, float, Decimal (two places), str, date or frozenset.
                For a yes or no, use `flag`.
            closed: True where a blank means *no*: only for int and frozenset.
            label: What people call it; its name where it is `None`.

        Raises:
            InvalidDataError: A fact cannot have that type, or cannot be closed.
        """
        if not isinstance(kind, type) or kind not in _KINDS:  # pyright: ignore[reportUnnecessaryIsInstance]
            known = ", ".join(known.__name__ for known in _KINDS)
            message = f"no facts of type {brief(kind)}; use one of {known}"
            raise InvalidDataError([Problem("type", f"{self.root}.{shown(name)}", message)])
        return self._declared(name, _KINDS[kind], closed, label)

    def flag(self, name: str, *, closed: bool = True, label: Label | None = None) -> FlagTerm:
        """Return a custom yes or no as a fact; a blank means no if it is `closed`."""
        return cast(FlagTerm, self._declared(name, "bool", closed, label))

    def _declared(self, name: str, kind: Kind, closed: bool, label: Label | None) -> Term:
        at = f"{self.root}.{shown(name)}"
        problems = misfit(at, name, str) + misfit(f"{at}.closed", closed, bool)
        if label is not None:
            problems += misfit(f"{at}.label", label, Label)
        if problems:
            raise InvalidDataError(problems)
        fact = Fact(
            f"{self.root}.{name}",
            kind,
            open=not closed,
            within="attributes",
            places=2 if kind == "decimal" else 0,
            label=cast(Label, label),
        )
        return term_for(fact)


_RELATIONSHIPS: Final = immutabledict(
    {
        "prospect": Label("prospect", "見込み客"),
        "customer": Label("customer", "顧客"),
        "partner": Label("partner", "パートナー"),
        "competitor": Label("competitor", "競合"),
        "own_group": Label("own group", "自社・グループ"),
        "do_not_trade": Label("do not trade", "取引禁止先"),
    }
)


class CompanyFacts(_WithAttributes):
    """What rules may ask about a company; a blank is unknown unless the fact says otherwise."""

    root = "company"
    name = _text("company.name", "name", "会社名")
    corporate_number = _text("company.corporate_number", "corporate number", "法人番号")
    industry = _text("company.industry", "industry", "業種")
    region = _text("company.region", "region", "地域")
    country = _text("company.country", "country", "国")
    employees = NumberTerm(
        Fact("company.employees", "int", label=Label("employees", "従業員数"), unit=_PEOPLE)
    )
    annual_revenue = NumberTerm(
        Fact(
            "company.annual_revenue",
            "decimal",
            places=2,
            label=Label("annual revenue", "売上高"),
        )
    )
    """In whole units of the playbook's currency."""
    growth_rate = NumberTerm(
        Fact("company.growth_rate", "float", label=Label("growth rate", "成長率"))
    )
    relationships = SetTerm(
        Fact(
            "company.relationships",
            "set",
            open=False,
            label=Label("relationships", "取引関係"),
            labels=_RELATIONSHIPS,
        )
    )
    """Closed: what is not ticked is not so."""
    lists = _set("company.lists", "target lists", "重点企業リスト")
    """Closed: what is not on a list is not on it."""
    segment = _level("company.segment", ANY_KEY, "segment", "セグメント")
    """The firm-wide segment; for rules about leads."""

    def on_list(self, key: str) -> Condition:
        """Return the condition that the company is on the target list `key`."""
        return self.lists.contains_any(key)


class GroupFacts(Facts):
    """What rules may ask about all companies that have one topmost parent with the company.

    Of a company whose relatives are not known, it is what holds of the company alone.
    """

    root = ROOT
    employees = NumberTerm(
        Fact(
            "group.employees",
            "int",
            label=Label("employees of the group", "グループ従業員数"),
            unit=_PEOPLE,
            of="company",
        )
    )
    """Of all companies together; unknown if that of any of them is."""
    relationships = SetTerm(
        Fact(
            "group.relationships",
            "set",
            open=False,
            label=Label("relationships in the group", "グループの取引関係"),
            labels=_RELATIONSHIPS,
            of="company",
        )
    )
    """Of any company of the group. Closed: what is not ticked is not so."""
    owned = SetTerm(
        Fact(
            "group.owned",
            "set",
            open=False,
            label=Label("products owned in the group", "グループの導入済み商材"),
            of="company",
        )
    )
    """By any company of the group, by contract or won deal; ids of products, as text."""

    def owns(self, product: Product | Id) -> Condition:
        """Return the condition that any company of the group owns the product."""
        product_id = product.id if isinstance(product, Product) else product
        return self.owned.contains_any(str(product_id))


class AccountFacts(Facts):
    """What rules about white space may ask about all that a company has of us."""

    root = "account"
    owned = _set("account.owned", "products owned", "導入済みの商材")
    """By the company itself, by contract or won deal; ids of products, as text. Closed."""
    discontinued = _set(
        "account.discontinued", "discontinued products owned", "導入済みの販売終了商材"
    )
    """What it owns that is no longer sold on the day asked about, by `Product.sold_until`; ids of
    products, as text. Closed; for rules about offers."""
    existing_customer = _flag("account.existing_customer", "existing customer", "既存顧客")
    """It owns any product; for rules about offers."""

    def owned_for(self, product: Product | Id, *, days: int) -> FlagTerm:
        """Return whether the company has owned the product for `days` days without a gap.

        For rules about offers.

        Raises:
            InvalidDataError: The id begins or ends with a blank, or the days are out of bounds.
        """
        product_id = product.id if isinstance(product, Product) else product
        return _owned_for(str(product_id), str(days))

    def named(self, name: str) -> Term:
        """Return the fact of that name; one with days is written ``owned_for(crm, 180)``.

        Raises:
            UnknownNameError: There is none.
            InvalidDataError: It is written wrongly.
        """
        text = isinstance(name, str)  # pyright: ignore[reportUnnecessaryIsInstance]
        if text and "(" in name and name.endswith(")"):
            head, _, rest = name.partition("(")
            if head.strip() != _OWNED_FOR:
                raise UnknownNameError(f"no such fact{did_you_mean(head, [_OWNED_FOR])}")
            # An id may hold a comma or a bracket; days do not.
            product_id, _, days = rest[:-1].rpartition(",")
            return _owned_for(product_id.strip(), days.strip())
        return super().named(name)

    def owns(self, product: Product | Id) -> Condition:
        """Return the condition that the company itself owns the product."""
        product_id = product.id if isinstance(product, Product) else product
        return self.owned.contains_any(str(product_id))


class LeadFacts(_WithAttributes):
    """What rules may ask about a person; a blank is unknown unless the fact says otherwise."""

    root = "lead"
    title = _text("lead.title", "title", "役職")
    department = _text("lead.department", "department", "部署")
    source = _text("lead.source", "source", "獲得経路")
    interests = _set("lead.interests", "stated interests", "申告した関心")
    """Closed: what the person did not name is not of interest."""


class ProductFacts(Facts):
    """How a lead and its company stand with one product; nothing of it is ever unknown.

    Args:
        states: The scale of the firm's engagement states.
    """

    root = "product"
    tier = _level("product.tier", TIERS, "Tier", "Tier")
    """Of the company, for the product: a decision, which may be undecided (S5)."""
    score = NumberTerm(
        Fact(
            "product.score",
            "decimal",
            places=6,
            minor=True,
            label=Label("engagement score", "行動スコア"),
            unit=_POINTS,
        )
    )
    """Decayed points of the lead's activities (S15, S16)."""
    active_days = NumberTerm(
        Fact(
            "product.active_days",
            "int",
            open=False,
            label=Label("active days", "行動のあった日数"),
            unit=_DAYS,
        )
    )
    """Days with an activity that still adds points, about the product or the whole firm."""
    quantity = NumberTerm(
        Fact("product.quantity", "int", open=False, label=Label("quantity in use", "導入数量"))
    )
    """Of all contracts of the company about it that run; for rules about offers."""
    people = NumberTerm(
        Fact(
            "product.people",
            "int",
            open=False,
            label=Label("people with a touch", "接点のある人数"),
            unit=_PEOPLE,
        )
    )
    """How many people of the company were touched about it; for rules about offers."""
    touched = _flag("product.touched", "touched", "接点あり")
    """Any activity about the product, whatever it is worth."""
    open_deal = _flag("product.open_deal", "open deal", "進行中の商談")
    """Of the company; of the lead itself where it has no company."""
    owned = _flag("product.owned", "owned", "導入済み")
    """By contract or won deal; a lapsed contract is not owned."""
    sold = _flag("product.sold", "on sale", "販売中")
    """On the day asked about, by `Product.sold_from` and `sold_until`; for rules about white
    space."""
    marked_for_follow_up = _flag(
        "product.marked_for_follow_up", "marked for follow-up", "営業による重点フォロー指定"
    )
    """The latest sales event asks for follow-up."""
    position = _level("product.position", WHITE_SPACE, "white space", "ホワイトスペース")
    """Of the company: a decision, which may be undecided (S5); for rules about plays and offers."""
    lifecycle = TextTerm(
        Fact(
            "product.lifecycle",
            "text",
            label=Label("life cycle", "ライフサイクル"),
            labels=immutabledict(
                {
                    "introduction": Label("introduction", "導入期"),
                    "growth": Label("growth", "成長期"),
                    "maturity": Label("maturity", "成熟期"),
                    "decline": Label("decline", "衰退期"),
                }
            ),
        )
    )
    """Of the product, by `Product.lifecycle`; for rules about plays and offers."""
    parting_reasons = _set("product.parting_reasons", "reason of parting", "失注・再育成の理由")
    """Reason codes of the latest lost deal of the company, and of the lead's latest recycling."""

    def __init__(self, states: Scale = ENGAGEMENT) -> None:
        self.interest = _level("product.interest", states, "interest", "関心度")
        """The level that the score alone gives; stays readable whatever the state is."""
        self.engagement = _level("product.engagement", states, "engagement", "エンゲージメント")
        """The state; for rules about stages."""
        self.best_interest = _level(
            "product.best_interest", states, "best interest", "最も高い関心度"
        )
        """The highest interest among the people of the company: a decision, which may be undecided
        (S5); for rules about offers."""

    def offered(self, *, within_days: int) -> FlagTerm:
        """Return whether a deal of the company about it was opened or closed of late (S13).

        For rules about offers.
        """
        return cast(FlagTerm, measure("offered", (str(within_days),)))

    def ends(self, *, within_days: int) -> FlagTerm:
        """Return whether the last contract about it that runs ends within so many days.

        The last of one day is this very day; one without end, or with a later one, does not end.
        For rules about offers.
        """
        return cast(FlagTerm, measure("ends", (str(within_days),)))

    def lapsed(self, *, within_days: int) -> FlagTerm:
        """Return whether it is not owned, and its latest contract ended of late (S13).

        For rules about offers.
        """
        return cast(FlagTerm, measure("lapsed", (str(within_days),)))

    def active(self, *, within_days: int) -> FlagTerm:
        """Return whether an activity worth points is of the last `within_days` days (S13)."""
        return cast(FlagTerm, measure("active", (str(within_days),)))

    def count(self, kind: str, *, within_days: int) -> NumberTerm:
        """Return how many activities of `kind` about the product are of the last days (S13).

        One that names no product is not among them.
        """
        return cast(NumberTerm, measure("count", (kind, str(within_days))))

    def points(self, *, within_days: int) -> NumberTerm:
        """Return the points of the last `within_days` days, without decay and caps (S13)."""
        return cast(NumberTerm, measure("points", (str(within_days),)))

    def named(self, name: str) -> Term:
        """Return the fact of that name; a measure is written ``count(pricing_page, 30)``.

        Raises:
            UnknownNameError: There is none.
            InvalidDataError: The measure is written wrongly.
        """
        text = isinstance(name, str)  # pyright: ignore[reportUnnecessaryIsInstance]
        if text and "(" in name and name.endswith(")"):
            head, _, rest = name.partition("(")
            return measure(head.strip(), tuple(part.strip() for part in rest[:-1].split(",")))
        return super().named(name)


_MEASURES: Final[Mapping[str, tuple[Kind, Label, str]]] = MappingProxyType(
    {
        "active": ("bool", Label("active within {0}", "直近{0}日の行動"), "days"),
        "count": ("int", Label("{0} within {1}", "直近{1}日の{0}"), "kind, days"),
        "points": ("decimal", Label("points of {0}", "直近{0}日の素点"), "days"),
        "offered": ("bool", Label("offered within {0}", "直近{0}日に商談あり"), "days"),
        "ends": ("bool", Label("contract ends within {0}", "契約終了まで{0}日未満"), "days"),
        "lapsed": ("bool", Label("contract lapsed within {0}", "直近{0}日に契約終了"), "days"),
    }
)
_DATED: Final = ("offered", "ends", "lapsed")
"""What is told of deals and contracts, not of activities."""
_OWNED_FOR: Final = "owned_for"
MAX_WITHIN_DAYS: Final = 36_500


def measure(head: str, arguments: tuple[str, ...]) -> Term:
    """Return a measure of activities, or of deals and contracts, as a fact.

    For example ``("count", ("click", "30"))``.

    Raises:
        UnknownNameError: There is no such measure.
        InvalidDataError: The arguments are not those it takes.
    """
    if not isinstance(head, str) or head not in _MEASURES:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UnknownNameError(f"no such measure{did_you_mean(head, _MEASURES)}")
    kind, label, takes = _MEASURES[head]
    arguments = series(arguments)
    if problems := misfits(f"product.{head}", arguments, str):
        raise InvalidDataError(problems)
    sound = len(arguments) == takes.count(",") + 1 and all(arguments)
    sound = sound and all(part == part.strip() for part in arguments)
    if not sound or any("," in part or ")" in part or "(" in part for part in arguments):
        message = f"must be written {head}({takes}), with plain names"
        raise InvalidDataError([Problem("format", f"product.{head}", message)])
    days = _number_of_days(f"product.{head}", arguments[-1])
    arguments = (*arguments[:-1], days)
    fact = Fact(
        f"product.{head}({', '.join(arguments)})",
        kind,
        open=kind == "decimal",
        within="dated" if head in _DATED else "measures",
        trusted=True,
        places=6 if kind == "decimal" else 0,
        minor=kind == "decimal",
        label=Label(
            label.en.format(*arguments[:-1], counted(days, "days")), label.ja.format(*arguments)
        ),
        unit=_POINTS if kind == "decimal" else None,
    )
    return term_for(fact)


def _owned_for(product_id: str, days: str) -> FlagTerm:
    if not product_id or product_id != product_id.strip():
        message = f"must be written {_OWNED_FOR}(product, days), with the id of a product"
        raise InvalidDataError([Problem("format", f"account.{_OWNED_FOR}", message)])
    number = _number_of_days(f"account.{_OWNED_FOR}", days)
    fact = Fact(
        f"account.{_OWNED_FOR}({product_id}, {number})",
        "bool",
        open=False,
        within="dated",
        trusted=True,
        label=Label(
            f"owns {product_id} for {counted(number, 'days')} or longer",
            f"{product_id}を{number}日以上前から導入済み",
        ),
    )
    return FlagTerm(fact)


def _number_of_days(path: str, days: str) -> str:
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= MAX_WITHIN_DAYS):
        message = f"must be a number of days from 1 to {MAX_WITHIN_DAYS:,}, not {brief(days)}"
        raise InvalidDataError([Problem("range", path, message)])
    return str(int(days))


class PursuitFacts(Facts):
    """The lead's current way towards one product, from its first sign to its end (S19).

    Args:
        stages: The scale of the firm's funnel, as `Funnel.scale` gives it.
    """

    root = "pursuit"
    started = _flag("pursuit.started", "any sign", "反応あり")
    """There was any sign for the product."""
    raised_hand = _flag("pursuit.raised_hand", "raised a hand", "手挙げ（問い合わせ等）あり")
    """Within the days stated for its kind, and not before sales last handed the lead back."""
    accepted = _flag("pursuit.accepted", "accepted by sales", "営業が承認")
    qualified = _flag("pursuit.qualified", "qualified by sales", "営業がニーズを確認")
    recycled = _flag("pursuit.recycled", "recycled", "再育成へ差し戻し")
    """Recycled or rejected by sales, which has decided nothing since."""
    disqualified = _flag("pursuit.disqualified", "disqualified", "対象外と判断")
    open_deal = _flag("pursuit.open_deal", "open deal of the lead", "本人の商談が進行中")
    won = _flag("pursuit.won", "won", "受注で終了")
    lost = _flag("pursuit.lost", "lost", "失注で終了")
    quiet = _flag("pursuit.quiet", "gone quiet", "反応が途絶えた")

    def __init__(self, stages: Scale = STAGES) -> None:
        self.stage = _level("pursuit.stage", stages, "stage so far", "これまでの段階")
        """The stage in which the lead is by its history, if that one is about the product or the
        whole firm; else, or without a history, that of a lead without any pursuit."""


class FunnelFacts(Facts):
    """Where a lead stands with the whole firm; for rules about plays.

    Args:
        stages: The scale of the firm's funnel, as `Funnel.scale` gives it.
    """

    root = "funnel"

    def __init__(self, stages: Scale = STAGES) -> None:
        self.stage = _level("funnel.stage", stages, "stage", "ファネル段階")
        """The stage in force: a decision, which may be undecided (S5)."""


def _may(channel: str, en: str, ja: str) -> FlagTerm:
    label = Label(f"may be contacted by {en}", f"{ja}での連絡可")
    return FlagTerm(Fact(f"contact.{channel}", "bool", label=label))


class ContactFacts(Facts):
    """How a lead may be contacted, as `mpfunnel.contact` says; unknown where nothing was said.

    For rules about plays. Mostly they need not ask: a play goes by the first of its channels that
    is allowed.
    """

    root = "contact"
    email = _may("email", "mail", "メール")
    phone = _may("phone", "phone", "電話")
    post = _may("post", "post", "郵送")
    visit = _may("visit", "visit", "訪問")
    web = _may("web", "web", "Web")


company: Final = CompanyFacts()
group: Final = GroupFacts()
account: Final = AccountFacts()
lead: Final = LeadFacts()
product: Final = ProductFacts()
pursuit: Final = PursuitFacts()
funnel: Final = FunnelFacts()
contact: Final = ContactFacts()


def any_product(condition: object) -> Condition:
    """Return the condition that `condition` is true of at least one product of the playbook (S7).

    Tier and interest inside it are those of the same product.
    """
    return Exists("product", cast(Condition, condition))
