"""Matching leads to companies: against a second model, and the laws that it keeps."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest
from attrs import asdict, evolve
from hypothesis import given

from mpfunnel import identity
from mpfunnel.account import accounts
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError
from mpfunnel.identity import Directory, IdentityPolicy, Match, assign, match
from mpfunnel.identity.assigning import is_public_body
from mpfunnel.identity.telling import is_students_title
from mpfunnel.records import Company, CompanyChange, CompanyHistory, Lead
from mpfunnel.starters import starter
from tests.identities import draw_companies, draw_lead, draw_policy
from tests.oracle_identity import expected
from tests.policies import randoms

TODAY = date(2026, 10, 31)
ENGINE = Engine(starter(["crm"]))
NAGIMINE = Company(
    "a",
    "株式会社凪峰製作所",
    domains=["nagimine.co.jp"],
    corporate_number="7010001999999",
    region="大阪府",
)
TSUBAKI = Company("b", "椿沢精機", domains=["https://www.tsubaki.example/"], region="東京都")
SHIOHAMA = Company("c", "汐浜HD", domains=["shiohama.example"], region="東京")
FINANCE = Company("d", "汐浜ファイナンス㈱", domains=["shiohama.example"], region="東京")
OSAKA = Company("e", "椿沢精機", region="大阪府")
COMPANIES = (NAGIMINE, TSUBAKI, SHIOHAMA, FINANCE, OSAKA)


def problems_of(make: Any, *given: Any) -> list[tuple[str, str]]:
    """The code and the text of every problem that something raises."""
    with pytest.raises(InvalidDataError) as caught:
        make(*given)
    return [(one.code, str(one)) for one in caught.value.problems]


def said(found: Match) -> dict[str, Any]:
    """What a match says, but why in words, and the mail."""
    values = asdict(found, recurse=False)
    return {key: values[key] for key in values if key not in ("lead_id", "because", "mail")}


# -- what decides --


@pytest.mark.parametrize(
    ("lead", "company_id", "evidence", "certainty"),
    [
        (Lead(1, "b", "taro@nagimine.co.jp"), "b", "link", "certain"),
        (Lead(1, corporate_number="T7010-0019-99999"), "a", "corporate_number", "certain"),
        (Lead(1, email="Taro@NAGIMINE.co.jp"), "a", "domain", "likely"),
        (
            Lead(1, email="taro@dev.nagimine.co.jp", company_name="凪峰製作所"),
            "a",
            "domain",
            "likely",
        ),
        (Lead(1, email="info@tsubaki.example"), "b", "domain", "likely"),
        (Lead(1, company_name="(株)汐濱HD", region="東京都"), "c", "name_region", "possible"),
        # Two have the domain; the name tells them apart, of whatever region.
        (
            Lead(1, email="a@shiohama.example", company_name="汐浜ファイナンス"),
            "d",
            "domain",
            "likely",
        ),
    ],
)
def test_the_strongest_evidence_decides(
    lead: Lead, company_id: str, evidence: str, certainty: str
) -> None:
    """A link, then 法人番号, domain, and name with region, each as sure as it is."""
    found = match(lead, COMPANIES)
    assert (found.status, found.company_id) == ("matched", company_id)
    assert (found.evidence, found.certainty, found.candidates) == (evidence, certainty, ())


def test_a_name_that_several_have_tells_none_of_them() -> None:
    """Where there are two in the CRM, there may be a third; the policy may trust the region."""
    lead = Lead(1, email="a@unknown.example", company_name="椿沢精機", region="大阪")
    found = match(lead, COMPANIES)
    assert (found.status, found.evidence, found.candidates) == ("ambiguous", "name_region", ("e",))
    trusting = IdentityPolicy(namesakes="by_region")
    assert match(lead, COMPANIES, trusting).company_id == "e"
    # And where one of them is a 有限会社, they have the name all the same.
    formal = [evolve(TSUBAKI, name="椿沢精機㈱"), evolve(OSAKA, name="有限会社椿沢精機")]
    limited = evolve(lead, company_name="(有)椿沢精機")
    assert match(limited, formal).candidates == ("e",)
    assert match(limited, formal, trusting).company_id == "e"
    assert match(evolve(lead, company_name="㈱椿沢精機"), formal, trusting).status == "unmatched"


def test_a_name_confirms_a_sub_domain_if_it_is_the_only_one() -> None:
    """Another region, or a namesake elsewhere in the CRM, makes it doubtful."""
    lead = Lead(1, email="a@x.tsubaki.example", company_name="椿沢精機", region="東京")
    alone = [one for one in COMPANIES if one.id != "e"]
    assert match(lead, alone).company_id == "b"
    assert match(evolve(lead, region=None), alone).company_id == "b"
    assert match(evolve(lead, region="大阪"), alone).candidates == ("b",)
    assert match(lead, COMPANIES).status == "ambiguous"
    assert match(lead, COMPANIES, IdentityPolicy(namesakes="by_region")).company_id == "b"


def test_candidates_are_listed_not_guessed() -> None:
    """Where several are meant alike, none is taken."""
    found = match(Lead(1, email="a@shiohama.example"), COMPANIES)
    assert said(found) == {
        "status": "ambiguous",
        "company_id": None,
        "evidence": "domain",
        "certainty": None,
        "candidates": ("c", "d"),
        "disagreeing": (),
    }


def test_a_link_stays_and_what_speaks_against_it_is_told() -> None:
    """Nobody is linked again in silence."""
    found = match(Lead(1, "b", "a@nagimine.co.jp", company_name="汐浜HD", region="東京"), COMPANIES)
    assert (found.status, found.company_id) == ("matched", "b")
    assert found.disagreeing == (("domain", ("a",)), ("name_region", ("c",)))


def test_a_link_to_nobody_stays_and_others_are_candidates() -> None:
    """The CRM may know more companies than the export."""
    found = match(Lead(1, "gone", "a@nagimine.co.jp"), COMPANIES)
    assert (found.status, found.company_id, found.certainty) == ("unknown_company", "gone", None)
    assert (found.evidence, found.candidates) == ("link", ("a",))


@pytest.mark.parametrize(
    ("lead", "status", "disagreeing"),
    [
        # Nothing else is known.
        (Lead(1, "b"), "matched", ()),
        (Lead(1, "gone"), "unknown_company", ()),
        (Lead(1, "b", "shiro@gmail.com"), "matched", ()),
        # Several are named, or one in doubt.
        (Lead(1, "c", "a@shiohama.example"), "matched", ()),
        (Lead(1, "b", "a@shiohama.example"), "matched", (("domain", ("c", "d")),)),
        (
            Lead(1, "b", "a@nagimine.co.jp", company_name="汐浜HD"),
            "matched",
            (("domain", ("a",)),),
        ),
        # A student, who would be none of the company that the mail tells.
        (Lead(1, "b", "a@nagimine.co.jp", title="学生"), "matched", (("domain", ("a",)),)),
    ],
)
def test_a_link_that_is_left_out_stays(lead: Lead, status: str, disagreeing: Any) -> None:
    """A policy that does not use links clears none in silence."""
    policy = IdentityPolicy(order=["corporate_number", "domain", "name_region"])
    found = match(lead, COMPANIES, policy)
    assert (found.status, found.company_id, found.evidence) == (status, lead.company_id, "link")
    assert (found.candidates, found.disagreeing) == ((), disagreeing)
    assert assign([lead], COMPANIES, policy).leads == (lead,)


def test_a_link_that_is_left_out_is_told_where_another_company_is_named() -> None:
    """What the policy uses goes before it, and the link is named last of what disagrees."""
    policy = IdentityPolicy(order=["domain", "name_region"])
    lead = Lead(1, "b", "a@nagimine.co.jp", company_name="凪峰製作所", region="大阪府")
    found = match(lead, COMPANIES, policy)
    assert (found.company_id, found.evidence, found.certainty) == ("a", "domain", "likely")
    assert found.disagreeing == (("link", ("b",)),)
    assert match(evolve(lead, company_id="a"), COMPANIES, policy).disagreeing == ()


def test_a_company_with_another_number_is_never_meant() -> None:
    """Whatever its name and domain are."""
    lead = Lead(1, email="a@nagimine.co.jp", corporate_number="2010401000001")
    assert said(match(lead, COMPANIES)) == said(match(lead, ()))
    # A number that is wrong tells nothing.
    assert match(evolve(lead, corporate_number="2010401000002"), COMPANIES).company_id == "a"


@pytest.mark.parametrize(
    ("policy", "company_id"),
    [
        ({}, "a"),
        ({"subdomains": "apart"}, None),
        ({"apart_under": ["nagimine.co.jp"]}, None),
        ({"apart_under": ["dev.nagimine.co.jp"]}, "a"),
        ({"own_domains": ["nagimine.co.jp"]}, None),
        ({"own_domains": ["dev.nagimine.co.jp"]}, None),
        ({"vendor_domains": ["nagimine.co.jp"]}, None),
        ({"personal_domains": ["nagimine.co.jp"]}, None),
        ({"order": ["link", "name_region"]}, None),
    ],
)
def test_the_policy_says_what_a_domain_tells(
    policy: dict[str, Any], company_id: str | None
) -> None:
    """Sub-domains are of their parent's company unless the policy keeps them apart."""
    lead = Lead(1, email="a@dev.nagimine.co.jp", company_name="凪峰製作所")
    assert match(lead, COMPANIES, IdentityPolicy(**policy)).company_id == company_id


def test_a_nearer_domain_wins() -> None:
    """A company that states the sub-domain is meant before the one that states its parent."""
    nearer = Company("n", domains=["dev.nagimine.co.jp"])
    assert match(Lead(1, email="a@dev.nagimine.co.jp"), (*COMPANIES, nearer)).company_id == "n"
    assert match(Lead(1, email="a@nagimine.co.jp"), (*COMPANIES, nearer)).company_id == "a"
    # It has no name that could be another one.
    named = Lead(1, email="a@x.dev.nagimine.co.jp", company_name="凪峰製作所")
    assert match(named, (*COMPANIES, nearer)).company_id == "n"


HEAD = Company(1, "凪峰", domains=["nagimine.example"], region="大阪")


@pytest.mark.parametrize(
    ("lead", "candidates"),
    [
        # Another name than that of the company whose domain it is.
        (Lead(1, email="a@nagimine.example", company_name="椿沢精機"), (1,)),
        # The company is of a department, or of another firm of the group.
        (Lead(1, email="a@sales.nagimine.example"), (1,)),
        # Its mail is another company's, whichever that is.
        (Lead(1, email="a@tsubaki.example", company_name="凪峰", region="大阪"), (1,)),
    ],
)
def test_what_is_contradicted_is_listed(lead: Lead, candidates: tuple[int, ...]) -> None:
    """One company too is no more than a candidate where something speaks against it."""
    found = match(lead, [HEAD])
    assert (found.status, found.company_id, found.candidates) == ("ambiguous", None, candidates)
    assert found.because.en.startswith("what names a company is not enough")
    # It is none of a person's, and still none where the title is a student's.
    assert match(evolve(lead, title="学生"), [HEAD]).status == "student"


def test_a_group_may_share_the_domain_that_one_of_it_states() -> None:
    """Who states a domain of its own is not meant; of the others, name and region tell one."""
    group = [
        HEAD,
        Company(2, "凪峰販売", parent_id=1, region="東京都"),
        Company(3, "凪峰物流", parent_id=2, domains=["logistics.example"]),
        Company(4, "椿沢精機"),
    ]
    lead = Lead(1, email="a@nagimine.example")
    assert match(lead, group).candidates == (1, 2)
    named = evolve(lead, company_name="凪峰販売㈱")
    assert match(named, group).candidates == (1, 2)
    found = match(evolve(named, region="東京"), group)
    assert (found.company_id, found.evidence) == (2, "name_region")
    assert match(evolve(lead, company_name="凪峰物流"), group).candidates == (1, 2)


def test_another_legal_form_is_another_company() -> None:
    """Forms abroad are translations, and tell nothing apart."""
    lead = Lead(1, company_name="有限会社凪峰", region="大阪")
    assert match(lead, [evolve(HEAD, name="株式会社凪峰")]).status == "unmatched"
    for name in ("㈲凪峰", "凪峰", "凪峰 Co., Ltd."):
        assert match(lead, [evolve(HEAD, name=name)]).company_id == 1


@pytest.mark.parametrize("host", ["gmail.com", "blue.ocn.ne.jp", "biz.ezweb.ne.jp"])
def test_a_domain_of_many_finds_nobody(host: str) -> None:
    """Though a small firm stated it as its own."""
    small = Company(1, "椿沢精機", domains=[host])
    assert match(Lead(1, email=f"a@{host}"), [small]).company_id is None


def test_an_agent_is_not_the_company_that_it_serves() -> None:
    """Neither as a lead's company nor in the directory."""
    agent, company = Company(1, "凪峰_代理店", region="大阪"), Company(2, "凪峰", region="大阪")
    for companies, name in (([company], "凪峰代理店"), ([agent], "凪峰"), ([agent], "凪峰_代理店")):
        found = match(Lead(1, company_name=name, region="大阪"), companies)
        assert found.status == "unmatched"


# -- whose company nothing names --


@pytest.mark.parametrize(
    ("lead", "status"),
    [
        (Lead(1, email="taro@gmail.com"), "individual"),
        (Lead(1, email="taro@blue.ocn.ne.jp", company_name="個人"), "individual"),
        (Lead(1, email="taro@mailinator.com", corporate_number="-"), "individual"),
        (Lead(1, email="taro@gmail.com", title="経済学部 学生（3年）"), "student"),
        (Lead(1, email="taro@gmail.com", department="Graduate Student"), "student"),
        (Lead(1, email="taro@unknown.example", title="求職者"), "student"),
        (Lead(1, email="taro@st.kasumi-u.ac.jp"), "student"),
        (Lead(1, email="taro@kasumi-u.ac.jp"), "unmatched"),
        (Lead(1, email="taro@gmail.com", title="学生支援課"), "individual"),
        (Lead(1, email="taro@unknown.example"), "unmatched"),
        (Lead(1, email="taro@biz.ezweb.ne.jp"), "unmatched"),
        (Lead(1), "unmatched"),
        (Lead(1, email="not an address"), "unmatched"),
        (Lead(1, email="taro@ours.example"), "own"),
        (Lead(1, email="taro@lab.ours.example"), "own"),
        (Lead(1, email="taro@agency.example"), "unmatched"),
    ],
)
def test_people_without_company_are_told_apart(lead: Lead, status: str) -> None:
    """Individuals, students and colleagues are not companies that the CRM lacks."""
    policy = IdentityPolicy(own_domains=["ours.example"], vendor_domains=["agency.example"])
    assert match(lead, COMPANIES, policy).status == status


@pytest.mark.parametrize(
    "told",
    [
        {"company_name": "椿沢精機"},
        {"company_name": "株式会社"},
        {"company_name": "大阪支店"},
        {"company_name": "凪峰_代理店"},
        {"corporate_number": "7010001999999"},
        {"corporate_number": "7010-0019-9999"},
    ],
)
@pytest.mark.parametrize("host", ["gmail.com", "blue.ocn.ne.jp", "docomo.ne.jp", "mailinator.com"])
def test_a_small_firm_on_personal_mail_is_no_individual(told: dict[str, Any], host: str) -> None:
    """Whoever names a company or its number works for one, even where it is not known."""
    assert match(Lead(1, email=f"a@{host}", **told), ()).status == "unmatched"


def test_a_student_of_a_university_that_is_a_company_is_a_student() -> None:
    """A title outweighs domain and name; a link and a number outweigh the title."""
    university = Company(1, "霞大学", domains=["kasumi-u.ac.jp"], corporate_number="7010001999999")
    lead = Lead(1, email="taro@kasumi-u.ac.jp", title="学生")
    found = match(lead, [university])
    assert (found.status, found.company_id, found.evidence) == ("student", None, None)
    assert found.disagreeing == (("domain", (1,)),)
    for told in ({"company_id": 1}, {"corporate_number": "7010001999999"}):
        assert match(evolve(lead, **told), [university]).status == "matched"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("学生", True),
        ("東京大学経済学部学生", True),
        ("大学生 3年", True),
        ("学生（第2学年）", True),
        ("教員・学生", True),
        ("University of Kasumi, PhD student", True),
        ("STUDENT", True),
        ("Ｓｔｕｄｅｎｔ", True),
        ("学生課", False),
        ("学生支援センター長", False),
        ("student affairs", False),
        ("nonstudent", False),
        ("Dean of students", False),
        ("", False),
        (None, False),
    ],
)
def test_a_title_is_a_students_where_it_ends_so(text: str | None, holds: bool) -> None:
    """Who works for students is none."""
    assert is_students_title(text, IdentityPolicy()) is holds


def test_a_match_shows_no_person() -> None:
    """Neither address nor name stands in it, not even in words."""
    lead = Lead(1, email="taro.yamada@gmail.com", name="山田太郎", phone="03-1234-5678")
    shown = repr(match(lead, COMPANIES))
    assert not any(text in shown for text in ("taro", "yamada", "山田", "1234"))


@given(randoms())
def test_every_match_has_its_reason_in_both_languages(dice: Random) -> None:
    """What decided can be read, in English and Japanese."""
    companies = draw_companies(dice)
    found = match(draw_lead(dice, companies), companies, draw_policy(dice))
    assert found.because.en.isascii()
    assert not found.because.ja.isascii()


# -- laws --


def agrees(dice: Random) -> None:
    """A match says what the second model says."""
    companies = draw_companies(dice)
    lead, policy = draw_lead(dice, companies), draw_policy(dice)
    assert said(match(lead, companies, policy)) == expected(lead, companies, policy)


@given(randoms())
def test_a_match_equals_the_second_model(dice: Random) -> None:
    """Every company looked at for every lead gives the same."""
    agrees(dice)


def test_many_matches_equal_the_second_model() -> None:
    """So do thousands of them, which between them have every status and every evidence."""
    seen: set[Any] = set()
    for seed in range(4_000):
        dice = Random(seed)
        agrees(dice)
        dice = Random(seed)
        companies = draw_companies(dice)
        found = match(draw_lead(dice, companies), companies, draw_policy(dice))
        seen |= {found.status, found.evidence, found.certainty, bool(found.disagreeing)}
    assert len(seen - {None, True, False}) == 7 + 4 + 3


@given(randoms())
def test_order_and_directory_change_nothing(dice: Random) -> None:
    """Law 4: companies in any order, said twice, or as a directory give the same match."""
    companies = draw_companies(dice)
    lead, policy = draw_lead(dice, companies), draw_policy(dice)
    found = match(lead, companies, policy)
    mixed = companies * 2
    dice.shuffle(mixed)
    assert match(lead, mixed, policy) == found
    directory = Directory(companies)
    assert match(lead, directory, policy) == match(lead, directory, policy) == found


@given(randoms())
def test_an_unrelated_company_changes_nothing(dice: Random) -> None:
    """Law 4: one that no lead has anything in common with is not seen."""
    companies = draw_companies(dice)
    lead, policy = draw_lead(dice, companies), draw_policy(dice)
    stranger = Company(
        "unrelated",
        "雲坂物産",
        domains=["kumosaka.example"],
        corporate_number="6000020271004",
        region="大阪府",
    )
    assert match(lead, [*companies, stranger], policy) == match(lead, companies, policy)


@given(randoms())
def test_no_other_evidence_changes_a_link(dice: Random) -> None:
    """A lead linked to a company that is there belongs to it, whatever else is known."""
    companies = draw_companies(dice)
    lead = evolve(draw_lead(dice, companies), company_id=99)
    linked = Company(99, dice.choice(("凪峰", None)), corporate_number="7010001999999")
    found = match(lead, [*companies, linked], IdentityPolicy())
    assert (found.status, found.company_id, found.evidence) == ("matched", 99, "link")


def lose_nobody(dice: Random) -> None:
    """Each lead comes out once, with its match, and each company as it was."""
    companies = draw_companies(dice)
    policy = draw_policy(dice)
    leads = [draw_lead(dice, companies, one + 1) for one in range(dice.randrange(6))]
    out = assign(leads, companies, policy)
    assert [one.lead_id for one in out.matches] == [one.id for one in leads]
    assert [one.id for one in out.leads] == [one.id for one in leads]
    assert [one.company_id for one in out.leads] == [one.company_id for one in out.matches]
    for before, after, one in zip(leads, out.leads, out.matches, strict=True):
        assert evolve(after, company_id=before.company_id) == before
        alone = match(before, companies, policy)
        if one.status in ("individual", "student"):
            assert alone == evolve(one, company_id=None)
        else:
            assert alone == one
    for given_one, after_one in zip(companies, out.companies[: len(companies)], strict=True):
        marks = {"public_body": True} if is_public_body(given_one, policy) else {}
        assert after_one == evolve(given_one, attributes=marks)
    people = [one for one in out.matches if one.status in ("individual", "student")]
    assert out.companies[len(companies) :] == tuple(
        Company(_home(one.company_id), attributes={one.status: True}) for one in people
    )
    assert len({_id(one) for one in out.companies}) == len(companies) + len(people)


def _home(company_id: Any) -> Any:
    assert company_id is not None
    return company_id


def _id(one: Company | CompanyHistory) -> Any:
    return one.company.id if isinstance(one, CompanyHistory) else one.id


@given(randoms())
def test_nobody_is_lost(dice: Random) -> None:
    """Law 7: leads in = leads out = matches, and only the company of a lead may change."""
    lose_nobody(dice)


@given(randoms())
def test_leads_in_any_order_get_the_same(dice: Random) -> None:
    """Law 4: what a lead belongs to does not hang on the other leads."""
    companies = draw_companies(dice)
    policy = draw_policy(dice)
    leads = [draw_lead(dice, companies, one + 1) for one in range(5)]
    mixed = dice.sample(leads, len(leads))
    by_id = {one.lead_id: one for one in assign(leads, companies, policy).matches}
    assert {one.lead_id: one for one in assign(mixed, companies, policy).matches} == by_id


@given(randoms())
def test_assigning_again_changes_nothing(dice: Random) -> None:
    """Who has been given a company, a person's own too, is linked to it."""
    companies = draw_companies(dice)
    leads = [draw_lead(dice, companies, one + 1) for one in range(5)]
    once = assign(leads, companies)
    again = assign(once.leads, once.companies)
    assert (again.leads, again.companies) == (once.leads, once.companies)


# -- assigned --


def test_each_person_gets_a_company_of_its_own() -> None:
    """Named after the lead, in the kind of ids that companies have."""
    people = [Lead(7, email="a@gmail.com"), Lead(8, email="b@gmail.com", title="学生")]
    texts = assign(people, [NAGIMINE])
    assert [one.company_id for one in texts.leads] == ["person:7", "person:8"]
    assert texts.companies[1:] == (
        Company("person:7", attributes={"individual": True}),
        Company("person:8", attributes={"student": True}),
    )
    assert [one.company_id for one in assign(people, ()).leads] == ["person:7", "person:8"]
    assert [one.company_id for one in assign(people, [Company(7)]).leads] == [-7, -8]
    named = assign([Lead("x", email="a@gmail.com")], [NAGIMINE])
    assert named.matches[0].company_id == "person:x"


def test_individuals_may_stay_without_company() -> None:
    """The policy says so; they are told apart all the same."""
    out = assign(
        [Lead("x", email="a@gmail.com")], [Company(1)], IdentityPolicy(individuals="unmatched")
    )
    assert out.leads == (Lead("x", email="a@gmail.com"),)
    assert (len(out.companies), out.matches[0].status) == (1, "individual")


def test_a_lead_that_is_given_twice_has_one_company() -> None:
    """Equal leads count as one person, and each has its match."""
    lead = Lead(1, email="a@gmail.com")
    out = assign([lead, lead], ())
    assert (len(out.leads), len(out.matches), len(out.companies)) == (2, 2, 1)


def test_persons_whose_company_can_have_no_id_are_problems() -> None:
    """All at once, with what would help."""
    people = [Lead(one, email="a@gmail.com") for one in ("x", 0, -3, 5)]
    wanted = (
        "gives a person no company of its own among ids that are integers; read the ids of "
        "companies as text, or set individuals = 'unmatched'"
    )
    assert problems_of(assign, people, [Company(1), Company(-5)]) == [
        ("id", f"leads['x'].id: {wanted}"),
        ("id", f"leads[0].id: {wanted}"),
        ("id", f"leads[-3].id: {wanted}"),
        ("conflict", "leads[5].id: needs -5 for a company of its own, which is taken"),
    ]
    assert problems_of(
        assign, [Lead(1, email="a@gmail.com"), Lead("1", email="b@gmail.com")], []
    ) == [("conflict", "leads['1'].id: needs 'person:1' for a company of its own, which is taken")]


@pytest.mark.parametrize(
    ("company", "holds"),
    [
        (Company(1, domains=["city.kasumi.lg.jp"]), True),
        (Company(1, domains=["nagimine.example", "https://www.soumu.go.jp/"]), True),
        (Company(1, domains=["no domain"]), False),
        (Company(1, corporate_number="6000020271004"), True),
        (Company(1, corporate_number="7000012050002"), True),
        (Company(1, corporate_number="7000012050003"), False),
        (Company(1, corporate_number="1180301018771"), False),
        (Company(1, "大阪市役所"), True),
        (Company(1, "大阪市役所 総務部"), True),
        (Company(1, "神奈川県庁"), True),
        (Company(1, "東京都"), True),
        (Company(1, "大阪府庁"), True),
        (Company(1, "国税庁"), True),
        (Company(1, "デジタル庁"), True),
        (Company(1, "霞税務署"), True),
        (Company(1, "霞市教育委員会"), True),
        (Company(1, "株式会社市役所"), False),
        (Company(1, "市役所"), False),
        (Company(1, "大阪"), False),
        (Company(1, "市役所前薬局"), False),
        (Company(1, "霞市役所_代理店"), False),
        (Company(1), False),
    ],
)
def test_a_public_body_is_marked_where_it_is_surely_one(company: Company, holds: bool) -> None:
    """By a domain, a number or a name of public bodies (官公庁・自治体)."""
    marked = assign((), [company]).companies[0]
    assert marked == (evolve(company, attributes={"public_body": True}) if holds else company)


@pytest.mark.parametrize("stated", [True, False])
def test_what_somebody_stated_of_a_public_body_stays(stated: bool) -> None:
    """A city's own firm may have its mail under lg.jp."""
    company = Company(1, "大阪市役所", attributes={"public_body": stated})
    assert assign((), [company]).companies == (company,)


def test_histories_stay_histories() -> None:
    """They are known by what held before their first change, and marked there."""
    moved = CompanyChange(TODAY, "domains", frozenset({"tsubaki.example"}))
    kept = CompanyHistory(NAGIMINE, [moved])
    office = CompanyHistory(Company("o", "大阪市役所"), [CompanyChange(TODAY, "employees", 3)])
    said_so = CompanyHistory(
        Company("p", "神奈川県庁"), [CompanyChange(TODAY, "public_body", False)]
    )
    leads = [Lead(1, email="a@nagimine.co.jp"), Lead(2, email="a@tsubaki.example")]
    out = assign(leads, [kept, office, said_so])
    assert [one.company_id for one in out.leads] == ["a", None]
    assert out.companies[0] is kept
    assert out.companies[1] == evolve(
        office, company=evolve(office.company, attributes={"public_body": True})
    )
    assert out.companies[2] is said_so
    plain = CompanyHistory(TSUBAKI)
    assert assign((), [plain]).companies[0] is plain


def test_the_starters_segments_hold_from_end_to_end() -> None:
    """Individuals, students and public bodies are in segments of their own, and nobody is gone."""
    companies = [
        Company("a", "株式会社凪峰製作所", domains=["nagimine.co.jp"], employees=3_000),
        Company("o", "大阪市役所", domains=["city.osaka.lg.jp"]),
    ]
    leads = [
        Lead("1", email="a@gmail.com"),
        Lead("2", email="b@docomo.ne.jp", title="大学生"),
        Lead("3", email="c@city.osaka.lg.jp"),
        Lead("4", email="d@nagimine.co.jp"),
        Lead("5", email="e@blue.ocn.ne.jp", company_name="椿沢精機"),
    ]
    out = assign(leads, companies)
    answers = [
        ENGINE.assess(one, as_of=TODAY)
        for one in accounts(companies=out.companies, leads=out.leads)
    ]
    segments = {lead: answer.segment.value.key for answer in answers for lead in answer.leads}
    assert segments == {
        "1": "individual",
        "2": "student",
        "3": "public_body",
        "4": "enterprise",
        "5": "unmatched",
    }
    assert not any(answer.rejects for answer in answers)


# -- what is no record --


def test_what_is_not_of_its_type_is_named() -> None:
    """All of it, with its place."""
    some: Any = "x"
    assert problems_of(match, some, (), some) == [
        ("type", "lead: must be a Lead, not str 'x'"),
        ("type", "policy: must be an IdentityPolicy, not str 'x'"),
    ]
    assert problems_of(match, Lead(1), some) == [
        ("type", "companies: must be a collection of Company or CompanyHistory, not 'x'")
    ]
    assert problems_of(assign, [some], [some], some) == [
        ("type", "leads[0]: must be a Lead, not str"),
        ("type", "companies[0]: must be a Company or CompanyHistory, not str"),
        ("type", "policy: must be an IdentityPolicy, not str 'x'"),
    ]
    assert problems_of(Directory, 3) == [
        ("type", "companies: must be a collection of Company or CompanyHistory, not 3")
    ]


def test_records_that_share_an_id_but_differ_are_named() -> None:
    """As in accounts: which of them is meant cannot be told (S17)."""
    wanted = ("conflict", "companies['a'].id: is used twice, by records that differ")
    assert problems_of(Directory, [NAGIMINE, Company("a")]) == [wanted]
    assert problems_of(assign, [Lead(1), Lead(1, "a")], [NAGIMINE, Company("a")]) == [
        ("conflict", "leads[1].id: is used twice, by records that differ"),
        wanted,
    ]


def test_the_public_names_are_there() -> None:
    """Everything that the package recommends can be had from it."""
    assert sorted(identity.__all__) == identity.__all__
    assert all(hasattr(identity, name) for name in identity.__all__)
