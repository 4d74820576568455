"""Engine: a compiled playbook. One account and one day in, the four answers out.

An engine is immutable and safe to share among threads; it reads no clock and keeps no account.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final, Literal

from mpfunnel.account import Account
from mpfunnel.answers import Assessment, Engagement, NextProduct, Stage
from mpfunnel.calendars import as_day
from mpfunnel.case import Case
from mpfunnel.case_checks import CaseCheck, checked_cases
from mpfunnel.compiled import Compiled, company_on
from mpfunnel.engagement import Tally
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, misfits, series
from mpfunnel.following import AccountState, Answered, StageCount
from mpfunnel.following.forgetting import forgotten, stage_counts
from mpfunnel.following.stepping import step
from mpfunnel.following.taking import Event
from mpfunnel.labels import Lang, faults_of_lang
from mpfunnel.playbook import Playbook
from mpfunnel.plays import PlannedPlay, faults_of_limit, priorities
from mpfunnel.records import Company, CompanyHistory, Id
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.stages import Deadline, Entry
from mpfunnel.synergy import WhiteSpace
from mpfunnel.tiers import Tier
from mpfunnel.why import why

__all__ = ["Engine", "Question"]

Question = Literal["segment", "tier", "white_space", "offer", "stage", "engagement", "play"]
_Day = date | datetime


class Engine:
    """A playbook, compiled once.

    In every method, `as_of` is the day asked about; an aware datetime means its day in the
    playbook's zone (S11).

    Args:
        playbook: The firm's products and policies.
    """

    def __init__(self, playbook: Playbook) -> None:
        if not isinstance(playbook, Playbook):  # pyright: ignore[reportUnnecessaryIsInstance]
            given = f"{type(playbook).__name__} {brief(playbook)}"
            _refuse("playbook", f"must be a Playbook, not {given}; read files by mpfunnel.load")
        self.playbook: Final = playbook
        self._book = Compiled(playbook)
        self._ruled_tiers = self._book.ruled_tiers

    def __reduce__(self) -> tuple[type[Engine], tuple[Playbook]]:
        return type(self), (self.playbook,)

    def __repr__(self) -> str:
        return f"Engine({self.version})"

    @property
    def version(self) -> str:
        """The version of the playbook, which every answer carries."""
        return self.playbook.version

    @property
    def compiled(self) -> Compiled:
        """The playbook with its tables as functions: for what asks about many days at once."""
        return self._book

    def segment_for(
        self, company: Company | CompanyHistory | Account, *, as_of: _Day
    ) -> Decision[Segment]:
        """Return which kind of company it is for the whole firm.

        What a person set by hand, and the relatives of a company, are known of an account alone:
        otherwise the company is its own group, and owns nothing.

        Raises:
            InvalidDataError: `as_of` is no day, `company` is none, or a custom attribute holds a
                value of another type than declared.
        """
        if isinstance(company, Account):
            return self._matched(company, as_of).segment
        return self._book.segment(company_on(_a_company(company), self._day(as_of)))

    def tier_for(
        self, company: Company | CompanyHistory | Account, product_id: Id, *, as_of: _Day
    ) -> Decision[Tier]:
        """Return how much to invest in a company for one product.

        What a person set by hand, and the relatives of a company, are known of an account alone:
        otherwise the company is its own group, and owns nothing.

        Raises:
            UnknownNameError: The playbook has no such product.
            InvalidDataError: `as_of` is no day, `company` is none, or a custom attribute holds a
                value of another type than declared.
            PolicyError: A custom policy broke its contract.
        """
        try:
            by_rules = self._ruled_tiers.get(product_id)
        except TypeError:  # it cannot be hashed, so it is no id
            by_rules = None
        # The way of nearly every call, kept short.
        if (
            by_rules is not None
            and type(company) is Company
            and type(as_of) is date
            # A bool or a float finds the integer that it equals, and must be refused (S18).
            and type(product_id) in (str, int)
        ):
            return by_rules(company)
        day = self._day(as_of)
        product = self._book.product(product_id)
        if isinstance(company, Account):
            return self._matched(company, day).tiers[product_id]
        return self._book.held_tier(_a_company(company), product, day)

    def white_space_for(
        self, account: Account, product_id: Id, *, as_of: _Day
    ) -> Decision[WhiteSpace]:
        """Return where a company stands with one product, and why.

        It is owned, in the pipeline, untapped, or not eligible.

        Raises:
            UnknownNameError: The playbook has no such product.
            InvalidDataError: `as_of` is no day, the account has no company, or a custom attribute
                holds a value of another type than declared.
            PolicyError: A custom policy broke its contract.
        """
        product = self._book.product(product_id)
        _check_account(account)
        return self._matched(account, as_of).white_space(product)

    def next_products(self, account: Account, *, as_of: _Day) -> tuple[NextProduct, ...]:
        """Return what to offer a company next, by the rules of offers of the playbook.

        Returns:
            One for each product: those that are offered first, ranked, then those that are not,
            each with its reason. Nothing at all where the playbook has no rules of offers, or the
            account no company.

        Raises:
            InvalidDataError: `as_of` is no day, or a custom attribute holds a value of another type
                than declared.
            PolicyError: A custom policy broke its contract.
        """
        _check_account(account)
        case = self._case(account, as_of)
        return () if case.facts.company is None else case.next_products()

    def stage_for(self, account: Account, lead_id: Id, *, as_of: _Day) -> Stage:
        """Return where a lead of the account stands with the whole firm.

        Raises:
            UnknownNameError: The account has no such lead.
            InvalidDataError: `as_of` is no day, or a custom attribute holds a value of another
                type than declared.
            PolicyError: A custom policy broke its contract.
        """
        case = self._case(account, as_of)
        return case.stage(case.person(lead_id))

    def engagement_for(
        self, account: Account, lead_id: Id, product_id: Id, *, as_of: _Day
    ) -> Engagement:
        """Return where a lead of the account stands with one product.

        Raises:
            UnknownNameError: The account has no such lead, or the playbook no such product.
            InvalidDataError: `as_of` is no day, or a custom attribute holds a value of another
                type than declared.
            PolicyError: A custom policy broke its contract.
        """
        self._book.product(product_id)
        case = self._case(account, as_of)
        return case.engagement(case.person(lead_id), product_id)

    def engagement_by(
        self, tally: Tally, account: Account, lead_id: Id, product_id: Id, *, as_of: _Day
    ) -> Engagement:
        """Return where a lead stands with one product, by a tally in place of the activities.

        Args:
            tally: What the lead did about the product, with days in the playbook's zone.
            account: Everything else; activities in it about the product are not asked.
            lead_id: The lead.
            product_id: The product.
            as_of: The day asked about.

        Raises:
            UnknownNameError: The account has no such lead, or the playbook no such product.
            InvalidDataError: `as_of` is no day, `tally` is none, or a custom attribute holds a
                value of another type than declared.
            PolicyError: A custom policy broke its contract.
        """
        case = self._asked(tally, account, product_id, as_of)
        return case.running(case.person(lead_id), product_id, tally)

    def next_change(
        self, tally: Tally, account: Account, lead_id: Id, product_id: Id, *, as_of: _Day
    ) -> date | None:
        """Return the day on which time alone will next change a lead's interest or state.

        A change is another value, or that the answer becomes settled or unsettled. All but the
        activities stays as it is on `as_of`: Tier, deals, ownership, what sales said. Activities of
        later days that the tally keeps count from their day on.

        Args:
            tally: What the lead did about the product, with days in the playbook's zone.
            account: Everything else; activities in it about the product are not asked.
            lead_id: The lead.
            product_id: The product.
            as_of: The day after which to look.

        Returns:
            The day; `None` where nothing changes until the end of the year 9999.

        Raises:
            UnknownNameError: The account has no such lead, or the playbook no such product.
            InvalidDataError: `as_of` is no day, `tally` is none, or a custom attribute holds a
                value of another type than declared.
            PolicyError: A custom policy broke its contract.
        """
        case = self._asked(tally, account, product_id, as_of)
        return case.next_change(case.person(lead_id), product_id, tally)

    def deadline(self, entry: Entry, *, as_of: _Day) -> Deadline | None:
        """Return until when a lead must have left the stage of an entry of its history.

        Returns:
            `None` where the stage has no time limit, or the lead was not there yet.

        Raises:
            InvalidDataError: It is no entry, `as_of` is no day, or the public holidays of the year
                are not known.
            MissingExtraError: Business days count, and the extra `calendar` is not installed.
        """
        return self.playbook.funnel.deadline(entry, as_of=as_of, zone=self.playbook.zone)

    def assess(self, account: Account, *, as_of: _Day) -> Assessment:
        """Return the four answers about an account: its company and each of its leads.

        Raises:
            InvalidDataError: `as_of` is no day, or a custom attribute holds a value of another
                type than declared.
            PolicyError: A custom policy broke its contract.
        """
        return self._case(account, as_of).assessment()

    def today(
        self, answers: Iterable[Assessment], *, owner: str | None = None, limit: int | None = None
    ) -> tuple[PlannedPlay, ...]:
        """Return the priority list (優先リスト): the plays that are due, the most important first.

        A play is on it from the day until which it is due on, for as long as nothing changes. Of
        each lead, only the plays whose turn it is are on it.

        Args:
            answers: What `assess` gave; each is asked on its own day.
            owner: Only the plays of this role; `None` for all.
            limit: At most so many; `None` for all.

        Raises:
            InvalidDataError: An answer is none, `owner` is no text, or `limit` is no number.
        """
        given = series(answers)
        problems = misfits("answers", given, Assessment)
        if owner is not None:
            problems += misfit("owner", owner, str)
        problems += faults_of_limit(limit)
        if problems:
            raise InvalidDataError(problems)
        due = [one for answer in given for one in answer.plays if one.is_due_on(answer.as_of)]
        return priorities(due, self.playbook.plays, owner=owner, limit=limit)

    def check_cases(self) -> tuple[CaseCheck, ...]:
        """Return each answer that the playbook's cases expect, beside the one that it gives.

        A custom policy that breaks its contract answers nothing; that is told in its place.
        """
        return tuple(checked_cases(self._book))

    # -- from event to event --

    def on(
        self,
        state: AccountState,
        event: Event,
        *,
        as_of: datetime,
        changed_at: datetime | None = None,
    ) -> Answered:
        """Return an account after an event, the answers about it, and what others have to hear.

        The answers are those of `assess` for the records of the new state. Each lead has a history,
        and what the facts warrant goes through the funnel's gate (law 10). An event that is known
        already changes nothing, however often it comes; and events may come in any order (law 4).

        Args:
            state: The account so far.
            event: A record that is new or has changed; a `mpfunnel.LeadMove` for the gate; `None`
                where only time has passed. A company, a lead or a deal takes the place of the one
                with its id; a `mpfunnel.Relative` of the one with its company; a contract of the
                one with its company, product and first day; what is set by hand of the one with its
                question, subject, product and first day. Where the state holds a `CompanyHistory`,
                a `Company` goes on with it.
            as_of: The instant, aware: not before that of the state. Records of later days do not
                count yet.
            changed_at: When the CRM changed the record, aware. Of two versions of one record the
                one changed later holds, whichever comes first; without it, or at one instant, the
                one that comes last. What a lead did, and what sales said, has no versions.

        Returns:
            What came of it. What was not taken is in `refused`, each with its reason: a record
            that does not count, a move that the gate does not let pass, a lead that was forgotten,
            a version that is outdated.

        Raises:
            InvalidDataError: `state` or `event` is none, an instant is not aware or out of order,
                the event is another company than that of the account, or a custom attribute holds
                a value of another type than declared.
            PolicyError: A custom policy broke its contract.
            MissingExtraError: Business days count, and the extra `calendar` is not installed.
        """
        return step(self._book, state, event, as_of, changed_at)

    def forget(self, state: AccountState, lead_id: Id) -> AccountState:
        """Return an account without one of its people, and without what leads back to them.

        Their records, history and answers go; deals stay, without the lead. `stage_counts` stays
        as it was. Leads that were merged with it are the same person, and go, too. A digest of the
        id is kept, so that a late event does not bring the person back.

        Raises:
            InvalidDataError: `state` is none, or `lead_id` is no id.
        """
        _check_state(state)
        return forgotten(state, lead_id, self._book.zone)

    def stage_counts(self, state: AccountState) -> tuple[StageCount, ...]:
        """Return how often leads came to each stage, by month, whether they were forgotten or not.

        Months are those of the playbook's zone.

        Raises:
            InvalidDataError: `state` is none.
        """
        _check_state(state)
        return stage_counts(state, self._book.zone)

    def explain(
        self,
        question: Question,
        of: Company | CompanyHistory | Account,
        *about: Id,
        as_of: _Day,
        lang: Lang | None = None,
    ) -> str:
        """Return an answer with every rule, condition and fact that it rests on, as lines of text.

        Args:
            question: ``"segment"`` or ``"tier"`` of a company (or of an account's company),
                ``"white_space"`` or ``"offer"`` of an account's company, ``"stage"``,
                ``"engagement"`` or ``"play"`` of a lead of an account.
            of: A company, its history, or an account.
            about: The product of a tier, of white space or of an offer; the lead of a stage; the
                lead and the product of an engagement or a play; the lead alone for the play of the
                whole firm.
            as_of: The day asked about.
            lang: The language; the playbook's own where it is `None`.

        Raises:
            UnknownNameError: There is no such question, lead or product.
            InvalidDataError: `as_of` is no day, or `of` and `about` are not what the question
                needs.
            PolicyError: A custom policy broke its contract.
        """
        account: Any = of
        if isinstance(of, Company | CompanyHistory):
            account = Account(of)
        lang = self.playbook.lang if lang is None else lang
        if problems := faults_of_lang(lang):
            raise InvalidDataError(problems)
        return why(self._case(account, as_of), question, about, lang)

    def _day(self, as_of: _Day) -> date:
        return as_day(as_of, self._book.zone)

    def _asked(self, tally: Tally, account: Account, product_id: Id, as_of: _Day) -> Case:
        if not isinstance(tally, Tally):  # pyright: ignore[reportUnnecessaryIsInstance]
            _refuse("tally", f"must be a Tally, not {type(tally).__name__}")
        self._book.product(product_id)
        return self._case(account, as_of)

    def _matched(self, account: Account, as_of: _Day) -> Case:
        if account.company is None:
            message = (
                "is not known, and people without company have no segment, Tier or white space"
            )
            raise InvalidDataError([Problem("missing", "account.company", message)])
        return self._case(account, as_of)

    def _case(self, account: Account, as_of: _Day) -> Case:
        _check_account(account)
        return Case(self._book, account, self._day(as_of))


def _a_company(given: Company | CompanyHistory) -> Company | CompanyHistory:
    if not isinstance(given, Company | CompanyHistory):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(given).__name__
        _refuse("company", f"must be a Company, a CompanyHistory or an Account, not {kind}")
    return given


def _check_account(given: Account) -> None:
    if not isinstance(given, Account):  # pyright: ignore[reportUnnecessaryIsInstance]
        _refuse("account", f"must be an Account, not {type(given).__name__}")


def _check_state(state: AccountState) -> None:
    if problems := misfit("state", state, AccountState):
        raise InvalidDataError(problems)


def _refuse(path: str, message: str) -> None:
    raise InvalidDataError([Problem("type", path, message)])
