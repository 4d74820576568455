"""Why: an answer in full, down to the activities that a score adds up."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any, Final, cast

from mpfunnel.answers import LeadAnswer
from mpfunnel.by_hand import BY_HAND
from mpfunnel.case import Case, Person
from mpfunnel.compiled import company_on
from mpfunnel.contact import CHANNELS
from mpfunnel.engagement import FULL_WEIGHT, EngagementModel, ScorePart, Signal, decay_per_mille
from mpfunnel.errors import InvalidDataError, Problem, UnknownNameError, brief, did_you_mean
from mpfunnel.labels import Label, Lang, counted
from mpfunnel.plays import DUE_BY, PlannedPlay
from mpfunnel.records import Activity, Id, Product
from mpfunnel.rules.explain import BEFORE_LIMITS, Explanation, explain
from mpfunnel.rules.tables import Decision
from mpfunnel.tiers import rules_of

__all__ = ["why"]

# What is written must not hang on the decimal context of the thread.
_EXACT: Final = Context(prec=40)
_ABOUT = {
    "segment": "",
    "tier": "product",
    "white_space": "product",
    "offer": "product",
    "stage": "lead",
    "engagement": "lead, product",
    "play": "lead, product",
}
_OPTIONAL: Final = {"play": 1}
"""How many names at the end may be left out: the play of the whole firm names no product."""


def why(case: Case, question: str, about: Sequence[Id], lang: Lang) -> str:
    """Return one answer of a case as lines of text.

    Raises:
        UnknownNameError: There is no such question, lead or product.
        InvalidDataError: `about` does not name what the question is about, or it is about a
            company and there is none.
    """
    if not isinstance(question, str) or question not in _ABOUT:  # pyright: ignore[reportUnnecessaryIsInstance]
        near = did_you_mean(brief(question).strip("'"), _ABOUT)
        hint = near or f"; there are {', '.join(_ABOUT)}"
        raise UnknownNameError(f"question: no such question {brief(question)}{hint}")
    wanted = [name for name in _ABOUT[question].split(", ") if name]
    least = len(wanted) - _OPTIONAL.get(question, 0)
    if not least <= len(about) <= len(wanted):
        message = f"'{question}' is asked about {', '.join(wanted) or 'nothing else'}"
        raise InvalidDataError([Problem("arguments", "about", message)])
    if question in ("segment", "tier", "white_space", "offer") and case.facts.company is None:
        message = f"'{question}' is asked of a company, and there is none"
        raise InvalidDataError([Problem("missing", "account.company", message)])
    if question == "segment":
        segments = case.book.playbook.segments
        told = _told(case, explain(segments, {"company": case.in_group}), lang)
        return _in_force(case, case.segment, told, lang)
    if question == "tier":
        return _tier(case, about[0], lang)
    if question == "white_space":
        product = case.book.product(about[0])
        table = case.book.white_space_tables[product.id]
        return _told(case, explain(table, case.about_offer(product)), lang)
    if question == "offer":
        return _offer(case, case.book.product(about[0]), lang)
    person = case.person(about[0])
    if question == "stage":
        return _stage(case, person, lang)
    if question == "play":
        product_id = case.book.product(about[1]).id if len(about) > 1 else None
        return _play(case, person, product_id, lang)
    return _engagement(case, person, case.book.product(about[1]).id, lang)


def _play(case: Case, person: Person, product_id: Id | None, lang: Lang) -> str:
    """Return the play of a lead, with its channel and its day, where it has one."""
    answer = case.answer(person.lead.id)
    lead = case.planned(answer, () if product_id is None else (product_id,))
    table = case.book.firm_table if product_id is None else case.book.play_tables[product_id]
    lines = [_told(case, explain(table, lead.records(product_id)), lang)]
    for one in case.plays(answer):
        if one.product_id == product_id:
            lines += ["", *_steps(case, answer, one, lang)]
    return "\n".join(lines)


def _steps(case: Case, answer: LeadAnswer, one: PlannedPlay, lang: Lang) -> Iterator[str]:
    """Yield through what a play goes, by when, and what it waits for."""
    day = Label("none", "なし").text(lang) if one.due is None else str(one.due)
    yield f"{Label('due', '期限').text(lang)}: {day} ({DUE_BY[one.due_by].text(lang)})"
    if one.due_by == "sla":
        stage, since = answer.stage.decision.text(lang), answer.stage.entered_on
        yield Label(f"  {stage}: since {since}", f"  {stage}：{since}から").text(lang)
    channel = (
        Label("none", "なし").text(lang)
        if one.channel is None
        else CHANNELS[one.channel].text(lang)
    )
    yield f"{Label('channel', 'チャネル').text(lang)}: {channel}"
    for left in one.left_out:
        because = answer.contactable[left].because.text(lang)
        name = CHANNELS[left].text(lang)
        yield f"  {name}: {Label('left out', '除外').text(lang)} — {because}"
    if one.waits_for:
        names = [_named(case, product_id, lang) for product_id in one.waits_for]
        yield f"{Label('waits for', '順番待ち').text(lang)}: {', '.join(names)}"
    if one.not_before is not None:
        yield f"{Label('not before', '次に連絡できる日').text(lang)}: {one.not_before}"


def _tier(case: Case, product_id: Id, lang: Lang) -> str:
    product = case.book.product(product_id)
    reviewed = case.book.playbook.reviewed_on(case.day)
    told = _tier_on(case, product, case.day, lang)
    if reviewed is not None and case.book.dated_tier(case.given, product, case.day)[1] == reviewed:
        on_review = _tier_on(case, product, reviewed, lang)
        proposed = Label("proposed", "見直し案").text(lang)
        beside = "" if told == on_review else f"\n\n{proposed}: {told}"
        told = f"{_held(case, product_id, reviewed).text(lang)}: {on_review}{beside}"
    return _in_force(case, case.tiers[product_id], told, lang)


def _offer(case: Case, product: Product, lang: Lang) -> str:
    table = case.book.offer_tables.get(product.id)
    if table is None:
        message = "'offer' is asked of a playbook with rules of offers, and there are none"
        raise InvalidDataError([Problem("missing", "synergy.offers", message)])
    return _told(case, explain(table, case.about_next(product)), lang)


def _held(case: Case, product_id: Id, reviewed: date) -> Label:
    """Return since when a Tier is held, and of which facts nobody knows that they held by then."""
    names = ", ".join(case.undated[product_id])
    return Label(
        f"held since the review of {reviewed}" + (f" (undated: {names})" if names else ""),
        f"{reviewed}の見直しから据え置き" + (f"（日付なし: {names}）" if names else ""),
    )


def _tier_on(case: Case, product: Product, day: date, lang: Lang) -> str:
    """Return the Tier that the facts of a day give."""
    rules = rules_of(case.book.playbook.tiers[product.id])
    company = case.book.seen(company_on(case.given, day))
    if rules is not None:
        return _told(case, explain(rules, {"company": company}), lang)
    decision = case.book.tier(company, product, day)
    said = _said(case, decision, lang)
    if decision.instead_of is None:
        return said
    before = _said(case, decision.instead_of, lang)
    return f"{said}\n{BEFORE_LIMITS.text(lang)}: {before}"


def _in_force(case: Case, decision: Decision[Any], told: str, lang: Lang) -> str:
    """Return what was set by hand, where anything was, before what was `told` of the rules."""
    if decision.rule != BY_HAND or decision.instead_of is None:
        return told
    instead = Label("instead of", "自動判定").text(lang)
    return f"{_said(case, decision, lang)}\n\n{instead}: {told}"


def _said(case: Case, decision: Decision[Any], lang: Lang) -> str:
    line = f"{decision.text(lang)} — {decision.because.text(lang)} [{decision.rule}]"
    return f"{line}\n{_missing(case, decision, lang)}" if decision.missing else line


def _told(case: Case, explanation: Explanation[Any], lang: Lang) -> str:
    """Return an explanation with its missing facts as people call them."""
    text, decision = explanation.text(lang), explanation.decision
    if not decision.missing:
        return text
    head, _, rest = text.split("\n", 2)
    return f"{head}\n{_missing(case, decision, lang)}\n{rest}"


def _missing(case: Case, decision: Decision[Any], lang: Lang) -> str:
    known = case.book.playbook.asked
    names = [
        f"{known[name].label.text(lang)} ({name})" if name in known else name
        for name in decision.missing
    ]
    return f"{Label('missing', '不足項目').text(lang)}: {', '.join(names)}"


def _stage(case: Case, person: Person, lang: Lang) -> str:
    pursuits = case.pursuits(person)
    stage = case.stage_of(person, pursuits, case.facts.entries.get(person.lead.id))
    lines = [_said(case, stage.decision, lang)]
    if stage.entry is not None:
        warranted = Label("warranted by the facts", "事実に基づく段階").text(lang)
        lines.append(f"{warranted}: {_said(case, stage.warranted.decision, lang)}")
    records = {"company": case.seen, "lead": person.lead}
    rows = cast("Mapping[Hashable, Any]", case.rows(person))
    for product_id, pursuit in pursuits.items():
        standing, _ = case.standing(person, product_id)
        explanation = explain(
            case.book.playbook.funnel.rules,
            {**records, "product": standing, "pursuit": pursuit},
            {"product": rows},
        )
        lines += ["", f"{_named(case, product_id, lang)}: {_told(case, explanation, lang)}"]
    return "\n".join(lines)


def _engagement(case: Case, person: Person, product_id: Id, lang: Lang) -> str:
    model = case.model(product_id).model
    standing, score = case.standing(person, product_id)
    records = {"company": case.seen, "lead": person.lead, "product": standing}
    interest = Label("interest", "関心度").text(lang)
    total = Label("engagement score", "行動スコア").text(lang)
    lines = [
        _in_force(
            case, standing.engagement, _told(case, explain(model.states, records), lang), lang
        ),
        "",
        f"{interest}: {_told(case, explain(model.interest, records), lang)}",
        "",
        f"{total}: {_points(score.micro, lang)}",
    ]
    for part in score.parts:
        if part.of == "kind":
            lines += _part(case, person, product_id, model, part, lang)
        else:
            lines.append(f"  {_limit(model, part).text(lang)}: {_points(part.micro, lang)}")
    return "\n".join(lines)


def _limit(model: EngagementModel, part: ScorePart) -> Label:
    """Return what the cap in all took, or what the floor gave."""
    if part.of == "cap":
        return Label(f"over the cap of {model.cap} in all", f"合計の上限{model.cap}点を超えた分")
    return Label(f"up to the floor of {model.floor}", f"下限{model.floor}点に満たない分")


def _part(
    case: Case,
    person: Person,
    product_id: Id,
    model: EngagementModel,
    part: ScorePart,
    lang: Lang,
) -> list[str]:
    """Return the lines of one kind: what it adds, and each activity with its factors."""
    signal = next(one for one in model.signals if one.kind == part.kind)
    lines = [
        f"  {signal.label.text(lang)}: {_points(part.micro, lang)}{_bounded(signal, part, lang)}"
    ]
    decay = decay_per_mille(model.half_life_days)
    cooling = _cool_down(signal)
    weights = {False: FULL_WEIGHT, True: model.company_wide_per_mille}
    given = {
        wide: [pair for pair in person.about.get(about, ()) if pair[0].kind == part.kind]
        for wide, about in ((False, product_id), (True, None))
    }
    firsts = _firsts(signal, given, weights) if part.cooled else None
    for wide, mine in given.items():
        weight = weights[wide]
        for one, day in sorted(mine, key=_in_time, reverse=True):
            age = (case.day - day).days
            left = (decay[age] if age < len(decay) else 0) if signal.fades else 1_000
            micro = signal.points * weight * left
            factors = f"{signal.points} × {_thousandths(left)}"
            if not signal.fades:
                factors += f" ({Label('lasting', '減衰なし').text(lang)})"
            if wide and weight != FULL_WEIGHT:
                firm = Label("whole firm", "全社").text(lang)
                factors += f" × {_thousandths(weight)} ({firm})"
            if firsts is not None and weight and one.id not in firsts:
                factors, micro = cooling.text(lang), 0
            ago = Label(f"{counted(age, 'days')} ago", f"{age}日前").text(lang)
            lines.append(f"    {day} ({ago}): {factors} = {_plain(micro)}")
    return lines


def _bounded(signal: Signal, part: ScorePart, lang: Lang) -> str:
    """Return how many activities made a part, where they do not simply add up to it."""
    en, ja = [counted(part.times, "activities")], [f"{part.times}件"]
    if part.cooled:
        cooling = _cool_down(signal)
        en.append(f"{part.cooled} {cooling.en}")
        ja.append(f"うち{part.cooled}件は{cooling.ja}")
    if part.capped:
        decayed = _plain(part.micro + part.over_cap)
        en.append(f"decayed {decayed}, capped at {signal.cap}")
        ja.append(f"減衰後{decayed}点、上限{signal.cap}点")
    if len(en) == 1:
        return ""
    return Label(f" ({', '.join(en)})", f"（{'、'.join(ja)}）").text(lang)


def _cool_down(signal: Signal) -> Label:
    days = signal.cool_down_days
    return Label(
        f"in a cool-down of {counted(days, 'days')}",
        f"クールダウン（{days}日間）につき不算入",
    )


def _firsts(
    signal: Signal,
    given: Mapping[bool, Sequence[tuple[Activity, date]]],
    weights: Mapping[bool, int],
) -> set[Id]:
    """Return the first activity of each cool-down, as the score counts them."""
    weighty = [
        (pair[1], wide, _in_time(pair), pair[0].id)
        for wide, mine in given.items()
        if weights[wide]
        for pair in mine
    ]
    found: dict[int, Id] = {}
    for day, *_, activity_id in sorted(weighty):
        found.setdefault(day.toordinal() // signal.cool_down_days, activity_id)
    return set(found.values())


def _in_time(pair: tuple[Activity, date]) -> tuple[datetime, str, bool]:
    # A text and an integer may look alike, and cannot be compared.
    activity_id = pair[0].id
    return pair[0].at, str(activity_id), isinstance(activity_id, str)


def _named(case: Case, product_id: Id | None, lang: Lang) -> str:
    if product_id is None:
        return Label("whole firm", "全社").text(lang)
    return case.book.product(product_id).label.text(lang)


def _points(micro: int, lang: Lang) -> str:
    return Label(counted(_plain(micro), "points"), f"{_plain(micro)}点").text(lang)


def _plain(micro: int) -> str:
    return f"{Decimal(micro).scaleb(-6, _EXACT).normalize(_EXACT):f}"


def _thousandths(value: int) -> str:
    return f"{Decimal(value).scaleb(-3, _EXACT):f}"
