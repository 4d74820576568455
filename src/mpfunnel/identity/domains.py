"""Domains: who holds the one in a web address or behind the @ (登録ドメイン).

The registrable domain is told by the Public Suffix List, as the package publicsuffixlist brings it:
nothing is asked of the network, and a top-level domain that the list does not know is none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["Domain", "domain", "domain_of_host", "icann_suffix"]

_LONGEST: Final = 253
"""Characters of a host, in DNS."""
_KEPT: Final = 16_384
"""Hosts whose answer is kept: an export has far more addresses than hosts."""
_HOST: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_SCHEME: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|mailto:")
_PORT: Final = re.compile(r":[0-9]*$")
_NOT_IN_DNS: Final = frozenset({"arpa", "onion"})
"""The list knows them, but nobody gets mail there."""
_PARTED: Final = ("biz.au.com", "biz.ezweb.ne.jp")
"""Below these, each company has a name of its own, though the list does not say so."""
_DOCUMENTATION: Final = "example"
"""Reserved by RFC 2606 for examples, so that examples shall work with it."""


@frozen
class Domain:
    """A host, and the domain of whoever holds it.

    Attributes:
        host: Folded: NFKC, lower case, IDNA as `xn--…`, without a trailing dot or leading `www.`.
        holder: The registrable domain by the Public Suffix List, its private suffixes included;
            under `lg.jp` one label more, because a prefecture shares it with its capital.
    """

    host: str
    holder: str

    @property
    def steps(self) -> tuple[str, ...]:
        """The host and each parent up to the holder, the nearest first."""
        labels = self.host.split(".")
        own = len(labels) - self.holder.count(".")
        return tuple(".".join(labels[start:]) for start in range(own))


def domain(text: str) -> Domain | None:
    """Return the domain that a text holds, or `None` where it holds none.

    Args:
        text: A domain, web address or mail address, as people type them.

    >>> domain("https://www.Sales.ACME.co.jp:8080/contact")
    Domain(host='sales.acme.co.jp', holder='acme.co.jp')
    >>> domain("日本語。ＪＰ")
    Domain(host='xn--wgv71a119e.jp', holder='xn--wgv71a119e.jp')
    >>> domain("city.osaka.lg.jp").holder, domain("pref.osaka.lg.jp").holder
    ('city.osaka.lg.jp', 'pref.osaka.lg.jp')
    >>> domain("co.jp"), domain("192.168.0.1"), domain("localhost")
    (None, None, None)
    """
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    rest = folded[scheme.end() :] if (scheme := _SCHEME.match(folded)) else folded
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    return domain_of_host(_PORT.sub("", authority.rpartition("@")[2]))


def domain_of_host(text: str) -> Domain | None:
    """Return the domain of a host that NFKC and lower case have been applied to."""
    return None if len(text) > _LONGEST else _read(text)


@lru_cache(maxsize=_KEPT)
def _read(text: str) -> Domain | None:
    host = _encoded(text)
    suffix = None if host is None else _suffix(host)
    if host is None or suffix is None:
        return None
    while host.startswith("www.") and (shorter := _suffix(host[len("www.") :])):
        host, suffix = host[len("www.") :], shorter
    own = suffix.count(".") + 2
    if suffix == "lg.jp":
        own += 1
    for shared in _PARTED:
        if host.endswith(f".{shared}"):
            own = shared.count(".") + 2
    return Domain(host, ".".join(host.split(".")[-own:]))


def _encoded(text: str) -> str | None:
    """Return the host in ASCII, or `None` where no host is so called."""
    host = text.replace("。", ".").removesuffix(".")
    if not host.isascii() or "xn--" in host:
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            return None
    return host if len(host) <= _LONGEST and _HOST.fullmatch(host) else None


def icann_suffix(host: str) -> str:
    """Return the public suffix of the host of a `Domain`, whatever private suffixes there are."""
    return _suffixes()[1].publicsuffix(host) or host.rpartition(".")[2]


def _suffix(host: str) -> str | None:
    """Return the suffix under which a host is held, or `None` where nobody holds it."""
    last = host.rpartition(".")[2]
    if last == _DOCUMENTATION and host != last:
        return last
    if last in _NOT_IN_DNS:
        return None
    for suffixes in _suffixes():
        suffix = suffixes.publicsuffix(host)
        if suffix is not None and suffix != host:
            return suffix
    return None


@cache
def _suffixes() -> tuple[PublicSuffixList, PublicSuffixList]:
    # A private suffix (github.io) parts those under it, yet is itself held by somebody.
    from publicsuffixlist import PublicSuffixList

    every = PublicSuffixList(accept_unknown=False)
    return every, PublicSuffixList(accept_unknown=False, only_icann=True)
