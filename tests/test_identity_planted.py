"""A test of the tests: each bug that is planted in names, matching or assigning is caught."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.identity import assigning, matching, names
from mpfunnel.identity.matching import Directory
from tests import test_identity_matching, test_identity_names
from tests.test_leads_planted import Plant, _wrapped

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

AGREES = test_identity_matching.agrees
NOBODY_LOST = test_identity_matching.lose_nobody
LISTED = test_identity_names.test_no_two_names_of_the_list_are_equal
VARIANTS = test_identity_names.test_ways_to_write_a_name_are_equal
NEAR = test_identity_names.test_different_names_are_never_equal
AGAIN = test_identity_names.test_the_key_of_a_key_is_itself
FOLDED = test_identity_names.test_a_key_is_folded_already


def _also_a_form(patch: pytest.MonkeyPatch, word: str) -> None:
    patch.setitem(names._CANONICAL, word, word)
    patch.setattr(names, "_LAST", re.compile(rf"(?:(?P<form>{word}|株式会社)|(?P<bank>$^))$"))


def _unions_are_legal_forms(patch: pytest.MonkeyPatch) -> None:
    _also_a_form(patch, "労働組合")


def _a_main_shop_is_a_unit(patch: pytest.MonkeyPatch) -> None:
    _also_a_form(patch, "本店")


def _any_word_begins_a_unit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_UNITS", (re.compile(r"(?P<name>..)(?P<unit>.*(?:建機|生命|銀行))"),))


def _signs_are_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_KEPT", frozenset())


def _company_always_goes(patch: pytest.MonkeyPatch) -> None:
    wrong = {**names._SHORT_FORMS, "Co.": "& ?co|co"}
    patch.setattr(names, "_ABROAD_SHORT", names._behind(names._FORMS, wrong))


def _without(patch: pytest.MonkeyPatch, letters: str) -> None:
    kept = {one: to for one, to in names._FOLD.items() if chr(one) not in letters}
    patch.setattr(names, "_FOLD", kept)


def _small_kana_stay(patch: pytest.MonkeyPatch) -> None:
    _without(patch, names._SMALL)


def _old_kanji_stay(patch: pytest.MonkeyPatch) -> None:
    _without(patch, names._OLD)


def _dashes_are_not_drawn_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_LONG", re.compile("$^"))


def _banks_are_unknown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_FIRST", re.compile(rf"(?P<form>{names._JA})\s*"))


def _units_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_without_unit", lambda _text: None)


def _case_stays(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, names, "_joined", lambda right, text: right(text).upper())


def _white_space_stays(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, names, "_joined", lambda right, text: " ".join(map(right, text.split())))


def _it_is_read_but_once(patch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []

    def joined(right: Any, text: str) -> Any:
        keys[:] = [right(text)]
        return keys[0]

    def folded(right: Any, text: str) -> Any:
        return "" if keys and keys.pop() is text else right(text)

    _wrapped(patch, names, "_joined", joined)
    _wrapped(patch, names, "_folded", folded)


# -- matching --


def _other_numbers_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Directory, "without_other_number", lambda _self, hits, _number: hits)


def _a_company_without_number_is_another(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, hits: Any, number: Any) -> Any:
        found = right(self, hits, number)
        blank = {one for one in found.all if number and self._numbers[one] is None}
        return matching._Hits(found.sure - blank, found.doubtful - blank)

    _wrapped(patch, Directory, "without_other_number", wrong)


def _several_are_guessed_from(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, named: Any) -> Any:
        found, evidence = right(named)
        return frozenset(sorted(found, key=str)[:1]), evidence

    _wrapped(patch, matching, "_decided", wrong)


def _a_link_gives_way(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "_decided",
        lambda right, named: right(dict(sorted(named.items(), key=lambda item: item[0] == "link"))),
    )


def _later_evidence_tells_nothing_apart(patch: pytest.MonkeyPatch) -> None:
    def wrong(named: Any) -> Any:
        return next(((ids, one) for one, ids in named.items() if ids), (frozenset(), None))

    patch.setattr(matching, "_decided", wrong)


def _later_evidence_must_agree(patch: pytest.MonkeyPatch) -> None:
    def wrong(named: Any) -> Any:
        hits = [(ids, one) for one, ids in named.items() if ids]
        if not hits:
            return frozenset(), None
        return frozenset.intersection(*(ids for ids, _ in hits)) or hits[0][0], hits[0][1]

    patch.setattr(matching, "_decided", wrong)


def _parents_come_first(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, matching, "hosts_told", lambda right, mail, policy: right(mail, policy)[::-1])


def _sub_domains_are_always_joined(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "hosts_told",
        lambda right, mail, policy: right(
            mail, evolve(policy, subdomains="joined", apart_under=())
        ),
    )


def _vendors_are_companies(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "hosts_told",
        lambda right, mail, policy: right(mail, evolve(policy, vendor_domains=())),
    )


def _shared_domains_tell(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "hosts_told",
        lambda right, mail, policy: mail.domain.steps if mail.domain else right(mail, policy),
    )


def _agents_are_the_company(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "company_name",
        lambda right, text: evolve(right(text), agency=False),
    )


def _any_region_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "region_key", lambda text: text and "somewhere")


def _regions_are_not_folded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "region_key", lambda text: text or "")


def _names_do_not_contradict(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Directory, "named", lambda _self, hits, *_told: hits)


def _another_name_is_as_good_as_none(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, hits: Any, name: Any, *told: Any) -> Any:
        found = right(self, hits, name, *told)
        return hits if found.doubtful else found

    _wrapped(patch, Directory, "named", wrong)


def _a_nameless_company_is_contradicted(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, hits: Any, name: Any, *told: Any) -> Any:
        found = right(self, hits, name, *told)
        named = any(self._names[one].key for one in found.sure)
        return found if named or not name.key else matching._Hits(doubtful=hits.all)

    _wrapped(patch, Directory, "named", wrong)


def _groups_share_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "families", lambda links: {one: one for one, _parent in links})


def _groups_share_every_domain(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, hosts: Any) -> Any:
        for one, family in self._family.items():
            self._without_host.setdefault(family, set()).add(one)
        return right(self, hosts)

    _wrapped(patch, Directory, "with_host", wrong)


def _a_parent_domain_is_as_good(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Directory,
        "with_host",
        lambda right, self, hosts: matching._Hits(right(self, hosts).all),
    )


def _another_domain_does_not_matter(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Directory,
        "with_name",
        lambda right, self, name, region, _hosts, policy: right(self, name, region, (), policy),
    )


def _region_tells_namesakes_apart(patch: pytest.MonkeyPatch) -> None:
    for name in ("named", "with_name"):
        _wrapped(
            patch,
            Directory,
            name,
            lambda right, *given: right(*given[:-1], evolve(given[-1], namesakes="by_region")),
        )


def _a_sub_domain_is_of_any_region(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Directory,
        "named",
        lambda right, self, hits, name, _region, policy: right(self, hits, name, None, policy),
    )


def _legal_forms_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "form_key", lambda _name: None)


def _what_is_doubtful_is_dropped(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any) -> Any:
        return {one: matching._Hits(hits.sure) for one, hits in right(*given).items()}

    _wrapped(patch, matching, "_named", wrong)


def _students_outweigh_links(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, lead: Any, companies: Any, policy: Any) -> Any:
        return right(
            evolve(lead, company_id=None) if lead.title == "大学院生" else lead, companies, policy
        )

    _wrapped(patch, test_identity_matching, "match", wrong)


def _students_are_not_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "_is_student", lambda *_: False)


def _a_wrong_number_is_none(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "names_nobody",
        lambda right, name, number: right(name, number if number != "１２３" else None),
    )


def _a_legal_form_alone_is_nothing(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        matching,
        "names_nobody",
        lambda right, name, number: right(name if name != "株式会社" else None, number),
    )


def _a_lost_link_is_a_match(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Directory, "__contains__", lambda _self, _company: True)


def _candidates_come_as_they_lie(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, matching, "_sorted", lambda right, ids: right(ids)[::-1])


# -- assigning --


def _persons_share_a_company(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        assigning, "homes_of", lambda persons, _taken, **_: dict.fromkeys(persons, "person")
    )


def _only_the_first_person_gets_one(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        assigning,
        "homes_of",
        lambda right, persons, taken, **given: right(list(persons)[:1], taken, **given),
    )


def _every_company_is_public(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assigning, "is_public_body", lambda _company, _policy: True)


def _the_unmatched_are_dropped(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, leads: Any, companies: Any, policy: Any) -> Any:
        out = right(leads, companies, policy)
        kept = [place for place, one in enumerate(out.matches) if one.status != "unmatched"]
        return evolve(
            out,
            leads=tuple(out.leads[place] for place in kept),
            matches=tuple(out.matches[place] for place in kept),
        )

    _wrapped(patch, test_identity_matching, "assign", wrong)


Check = Callable[..., None]
PLANTS: list[tuple[Plant, Check]] = [
    (_unions_are_legal_forms, LISTED),
    (_a_main_shop_is_a_unit, LISTED),
    (_any_word_begins_a_unit, LISTED),
    (_signs_are_dropped, LISTED),
    (_company_always_goes, NEAR),
    (_small_kana_stay, VARIANTS),
    (_old_kanji_stay, VARIANTS),
    (_dashes_are_not_drawn_out, VARIANTS),
    (_banks_are_unknown, VARIANTS),
    (_units_stay, VARIANTS),
    (_case_stays, FOLDED),
    (_white_space_stays, VARIANTS),
    (_it_is_read_but_once, AGAIN),
    (_other_numbers_do_not_matter, AGREES),
    (_a_company_without_number_is_another, AGREES),
    (_several_are_guessed_from, AGREES),
    (_a_link_gives_way, AGREES),
    (_later_evidence_tells_nothing_apart, AGREES),
    (_later_evidence_must_agree, AGREES),
    (_parents_come_first, AGREES),
    (_sub_domains_are_always_joined, AGREES),
    (_vendors_are_companies, AGREES),
    (_shared_domains_tell, AGREES),
    (_agents_are_the_company, AGREES),
    (_any_region_will_do, AGREES),
    (_regions_are_not_folded, AGREES),
    (_names_do_not_contradict, AGREES),
    (_another_name_is_as_good_as_none, AGREES),
    (_a_nameless_company_is_contradicted, AGREES),
    (_groups_share_nothing, AGREES),
    (_groups_share_every_domain, AGREES),
    (_a_parent_domain_is_as_good, AGREES),
    (_another_domain_does_not_matter, AGREES),
    (_legal_forms_do_not_matter, AGREES),
    (_region_tells_namesakes_apart, AGREES),
    (_a_sub_domain_is_of_any_region, AGREES),
    (_what_is_doubtful_is_dropped, AGREES),
    (_students_outweigh_links, AGREES),
    (_students_are_not_seen, AGREES),
    (_a_wrong_number_is_none, AGREES),
    (_a_legal_form_alone_is_nothing, AGREES),
    (_a_lost_link_is_a_match, AGREES),
    (_candidates_come_as_they_lie, AGREES),
    (_persons_share_a_company, NOBODY_LOST),
    (_only_the_first_person_gets_one, NOBODY_LOST),
    (_every_company_is_public, NOBODY_LOST),
    (_the_unmatched_are_dropped, NOBODY_LOST),
]


def run(check: Check) -> None:
    """Ask a law; one that takes dice, of a thousand throws."""
    if check in (AGREES, NOBODY_LOST):
        for seed in range(1_000):
            check(Random(seed))
    else:
        check()


@pytest.mark.parametrize("check", [AGREES, NOBODY_LOST])
def test_nothing_is_caught_where_nothing_is_planted(check: Check) -> None:
    """The laws hold as it is: what they catch is the bug."""
    run(check)


@pytest.mark.parametrize(("plant", "check"), PLANTS, ids=lambda one: one.__name__.strip("_"))
def test_a_planted_bug_is_caught(
    plant: Plant, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A law fails as soon as the code is wrong in this way."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run(check)
