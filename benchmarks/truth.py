"""Leads and companies of which it is known who works where, for `benchmarks.matching`.

There are ten leads to a company of the CRM, and three companies in the world to one in the CRM: who
works for one of the others must not be linked to anybody. All are invented, with what real files
have:

- companies that share their name, some within one prefecture; names that go on where another ends
  (a parent's name, and a trade); branches, agencies; 株式会社 before or after, ㈱, (株), full-width
  and half-width letters, blanks, typos;
- groups that share one mail domain, or give each firm a sub-domain, in the CRM or not;
- personal mail, small firms on the mail of their provider, some of which call that their domain;
- 法人番号 with hyphens, full-width, as the number of an invoice, with a wrong digit, of the parent;
- links that are there already, some to another company or to none that is there;
- public bodies, students, people of our own firm, agencies that fill our CRM, individuals, and
  leads of whom nothing is known.

Whole columns are drawn at once. `Dice.leads` has two more columns than a CRM: ``truth``, the id of
the company or blank, and ``case``, what is special about the lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

OWN: Final = "our-own-firm.co.jp"
VENDORS: Final = ("list-broker.co.jp", "expo-desk.jp")

WORLD: Final = 3
"""So many companies are there for each that the CRM has."""
LEADS: Final = 10

Strings = Sequence[str]
Numbers = np.ndarray[Any, Any]

_KANJI_FIRST: Final = tuple(
    "田山川木林森石井上中下大小高長北南東西青赤白黒金松竹梅杉桜藤原野村宮古新平安吉福"
)
_KANJI_SECOND: Final = tuple("田山川木林森石井島崎沢谷野原村本口池橋岡塚内尾瀬浦津倉部江辺")
_TRADES: Final = (
    *("建設", "商事", "工業", "製作所", "電機", "印刷", "運輸", "食品", "精機", "化学", "建材"),
    *("鉄工", "設備", "物産", "産業", "工務店", "自動車", "不動産", "電子", "金属", "紙業"),
    *("薬品", "水産", "農園", "繊維", "機械", "商店", "土木", "警備", "通信"),
)
_KANA: Final = tuple(
    "アイエカキクケコサシスセソタチテトナニネノハヒフホマミムメモヤユヨラリルレロワガギグゴザジダデドバビブボパピプポ"
)
_KANA_TRADES: Final = (
    "",
    "",
    "",
    "システム",
    "システムズ",
    "テクノロジー",
    "ソフト",
    "デザイン",
    "サービス",
    "フーズ",
    "ロジスティクス",
    "エンジニアリング",
    "コンサルティング",
    "ホールディングス",
)
_LATIN_TRADES: Final = ("Systems", "Works", "Labs", "Foods", "Trading", "Partners", "Design")
_OF_GROUP: Final = (
    "建機",
    "ソリューションズ",
    "ロジスティクス",
    "ファイナンス",
    "プラント",
    "販売",
    "エネルギー",
    "テクノサービス",
    "不動産",
    "ビジネスサポート",
)
_SYLLABLES: Final = tuple(c + v for c in "kstnhmrygzdbp" for v in "aiueo")
_FORMS: Final = {"株式会社": 0.8, "有限会社": 0.1, "合同会社": 0.07, "一般社団法人": 0.03}
_SHORT: Final = {"株式会社": "㈱", "有限会社": "㈲"}
_BRACKETS: Final = {"株式会社": "(株)", "有限会社": "(有)", "合同会社": "(同)"}
_WIDE: Final = {"株式会社": "（株）", "有限会社": "（有）", "合同会社": "（同）"}
_SUFFIXES: Final = {"co.jp": 0.5, "com": 0.2, "jp": 0.2, "net": 0.03, "or.jp": 0.03, "ne.jp": 0.04}
_PREFECTURES: Final = (
    *("北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県"),
    *("群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県"),
    *("山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府"),
    *("兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県"),
    *("香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県"),
    *("鹿児島県", "沖縄県"),
)
_LARGE: Final = {
    "東京都": 12.0,
    "大阪府": 5.0,
    "愛知県": 4.0,
    "神奈川県": 4.0,
    "福岡県": 2.5,
    "埼玉県": 2.5,
}
_UNITS: Final = (
    "大阪支店",
    "東京本社",
    "名古屋営業所",
    "九州支社",
    "営業部",
    "第二営業部",
    "情報システム部",
)
_FREE: Final = {
    "gmail.com": 0.5,
    "yahoo.co.jp": 0.25,
    "icloud.com": 0.1,
    "outlook.jp": 0.05,
    "hotmail.com": 0.05,
    "docomo.ne.jp": 0.03,
    "ezweb.ne.jp": 0.02,
}
_PROVIDERS: Final = ("ocn.ne.jp", "nifty.com", "biglobe.ne.jp", "so-net.ne.jp", "plala.or.jp")
_SHARED: Final = ("biz.ezweb.ne.jp", "biz.au.com")
_ROLES: Final = ("info", "sales", "contact", "soumu", "support", "no-reply")
_TITLES: Final = ("部長", "課長", "主任", "manager", "director", "代表取締役", "staff")

_CASES: Final = {
    "": 0.72,
    "stranger": 0.12,
    "individual": 0.1,
    "student": 0.02,
    "nothing": 0.02,
    "agency": 0.01,
    "own": 0.005,
    "vendor": 0.005,
}


def draw(companies: int, seed: int = 11) -> dict[str, pl.DataFrame]:
    """Return companies, company_sets and leads, the last with ``truth`` and ``case``."""
    return Dice(companies, seed).tables()


def untold(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables as the CRM has them."""
    return {**tables, "leads": tables["leads"].drop("truth", "case")}


class Dice:
    """Draws whole columns.

    Args:
        companies: How many companies the CRM has.
        seed: The same seed gives the same tables.
    """

    def __init__(self, companies: int, seed: int) -> None:
        self.companies = companies
        self.rng = np.random.default_rng(seed)
        self.world = self._world()

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return all tables by their names."""
        return {"companies": self.firms(), "company_sets": self.domains(), "leads": self.leads()}

    # -- columns --

    def where(self, count: int, share: float) -> pl.Series:
        """Return true for a share of the rows."""
        return pl.Series(self.rng.random(count) < share)

    def some(self, values: Strings, count: int) -> pl.Series:
        """Return any of the values in each row."""
        return pl.Series(values).gather(self.rng.integers(0, len(values), count))

    def shared(self, shares: Mapping[str, float], count: int) -> pl.Series:
        """Return each value in its share of the rows."""
        weights = np.array(list(shares.values()))
        return pl.Series(list(shares)).gather(
            self.rng.choice(len(shares), count, p=weights / weights.sum())
        )

    def blank(self, values: pl.Series, share: float) -> pl.Series:
        """Return the values, a share of which is blank."""
        return values.set(self.where(len(values), share), None)

    def word(self, letters: Strings, lengths: Sequence[int], count: int) -> pl.Series:
        """Return words of letters, which may come twice."""
        longest = max(lengths)
        length = self.rng.choice(np.array(lengths), count)
        parts = [
            self.some(letters, count).set(pl.Series(length <= place), "")
            for place in range(longest)
        ]
        return joined(*parts)

    # -- the world --

    def _world(self) -> pl.DataFrame:
        count = WORLD * self.companies
        number = np.arange(count)
        # The first hundredth are heads of groups; they are in the CRM more often than not.
        heads = max(count // 100, 1)
        child = self.where(count, 0.05).set(pl.Series(number < heads), False)
        parent = pl.Series(self.rng.integers(0, heads, count))
        public = self.where(count, 0.01).set(child | pl.Series(number < heads), False)
        name, latin = self._names(count)
        town = joined(self.some(_KANJI_FIRST, count), self.some(_KANJI_SECOND, count))
        office = joined(town, self.some(("市役所", "町役場", "市教育委員会"), count))
        name = office.zip_with(public, name)
        name = joined(name.gather(parent), self.some(_OF_GROUP, count)).zip_with(child, name)
        form = self.shared(_FORMS, count).set(public, "")
        # One after the other, and so no two alike: the factor has no divisor in common.
        label = spelt(number * 7_368_787 % len(_SYLLABLES) ** 4)
        own = joined(label, ".", self.shared(_SUFFIXES, count))
        own = joined("city.", label, ".lg.jp").zip_with(public, own)
        under = self.rng.random(count)
        of_head = own.gather(parent)
        sub = joined(spelt(number % 40), ".", of_head)
        own = sub.zip_with(child & pl.Series(under < 0.3), own)
        own = of_head.zip_with(child & pl.Series(under > 0.75), own)
        small = self.where(count, 0.12).set(child | public | pl.Series(number < heads), False)
        provider = self.some(_PROVIDERS, count)
        own = provider.zip_with(small, own)
        in_crm = np.zeros(count, dtype=bool)
        likely = np.where((number < heads) | child.to_numpy(), 4.0, 1.0)
        chosen = self.rng.choice(count, self.companies, replace=False, p=likely / likely.sum())
        in_crm[chosen] = True
        return pl.DataFrame(
            {
                "firm": number,
                "head": parent.set(~child, None),
                "name": name,
                "latin": latin & ~child & ~public,
                "form": form,
                "region": self._regions(count),
                "number": numbered(number, public),
                "host": own,
                "small": small,
                "in_crm": in_crm,
            }
        )

    def _names(self, count: int) -> tuple[pl.Series, pl.Series]:
        # Surnames are not equally frequent.
        first = (len(_KANJI_FIRST) * self.rng.random(count) ** 1.5).astype(np.int64)
        second = (len(_KANJI_SECOND) * self.rng.random(count) ** 1.5).astype(np.int64)
        common = joined(
            pl.Series(_KANJI_FIRST).gather(first),
            pl.Series(_KANJI_SECOND).gather(second),
            self.some(_TRADES, count),
        )
        coined = joined(self.word(_KANA, (3, 4), count), self.some(_KANA_TRADES, count))
        spoken = self.word(_SYLLABLES, (2, 3), count).str.to_titlecase()
        foreign = joined(spoken, " ", self.some(_LATIN_TRADES, count))
        which = self.rng.random(count)
        latin = pl.Series(which > 0.92)
        return foreign.zip_with(latin, coined.zip_with(pl.Series(which > 0.35), common)), latin

    def _regions(self, count: int) -> pl.Series:
        return self.shared({one: _LARGE.get(one, 1.0) for one in _PREFECTURES}, count)

    # -- what the CRM has of companies --

    def firms(self) -> pl.DataFrame:
        """Return the companies of the CRM."""
        known = self.world.filter("in_crm")
        count = len(known)
        number = self.blank(known["number"], 0.4)
        # What somebody mistyped, and what was copied from the line above.
        number = mistyped(number, self.rng).zip_with(self.where(count, 0.002), number)
        number = number.shift(1).zip_with(self.where(count, 0.0002), number)
        return pl.DataFrame(
            {
                "id": ids("C", known["firm"]),
                "name": self.written(known, careful=True),
                "region": self.blank(self.regions_written(known["region"]), 0.15),
                "corporate_number": number,
                "parent_id": ids("C", known["head"]).set(
                    ~known["head"].is_in(known["firm"].implode()).fill_null(False), None
                ),
            }
        )

    def domains(self) -> pl.DataFrame:
        """Return which domains the CRM knows: of a third of the companies none."""
        known = self.world.filter("in_crm")
        told = self.where(len(known), 0.68)
        # Of the small firms, only some call that of their provider theirs.
        told = told & (~known["small"] | self.where(len(known), 0.2))
        known = known.filter(told)
        count = len(known)
        style = self.rng.random(count)
        host = known["host"]
        value = joined("https://www.", host, "/").zip_with(pl.Series(style < 0.3), host)
        value = value.str.to_uppercase().zip_with(pl.Series(style > 0.97), value)
        more = known.filter(self.where(count, 0.1) & ~known["small"])
        second = joined(more["host"].str.split(".").list.first(), "-group.com")
        return pl.DataFrame(
            {
                "company_id": pl.concat([ids("C", known["firm"]), ids("C", more["firm"])]),
                "fact": pl.repeat("domains", count + len(more), eager=True),
                "value": pl.concat([value, second]),
            }
        ).unique(maintain_order=True)

    # -- leads --

    def leads(self) -> pl.DataFrame:
        """Return the leads, with their truth."""
        count = LEADS * self.companies
        case = self.shared(_CASES, count)
        inside = self.world.filter("in_crm")
        outside = self.world.filter(~pl.col("in_crm"))
        firm = self.firm_of(case, inside, outside)
        at = self.world[firm]
        works = case.is_in(["", "stranger", "vendor", "agency"])
        linked = case == ""
        number = np.arange(count)
        frame = pl.DataFrame(
            {
                "id": ids("L", pl.Series(number)),
                "company_id": self.links(at, linked),
                "email": self.addresses(case, at),
                "title": self.titles(case),
                "company_name": self.names_told(case, at),
                "corporate_number": self.numbers_told(at, works & (case != "agency")),
                "region": self.regions_told(at, case),
                "truth": ids("C", at["firm"]).set(~linked & ~self.told_inside(case, at), None),
                "case": self.told_case(case, at),
            }
        )
        return frame[self.rng.permutation(count)]

    def firm_of(self, case: pl.Series, inside: pl.DataFrame, outside: pl.DataFrame) -> Numbers:
        """Return where each lead works; of who works nowhere, any firm."""
        count = len(case)
        # A few firms have most of the leads.
        place = (len(inside) * self.rng.random(count) ** 2).astype(np.int64)
        firm = self.rng.permutation(inside["firm"].to_numpy())[place]
        other = outside["firm"].to_numpy()[self.rng.integers(0, len(outside), count)]
        away = case.is_in(["stranger", "agency"]).to_numpy()
        return np.where(away, other, firm)

    def told_inside(self, case: pl.Series, at: pl.DataFrame) -> pl.Series:
        """Return who is of a company of the CRM, though somebody else wrote the address."""
        return (case == "vendor") & at["in_crm"]

    def told_case(self, case: pl.Series, at: pl.DataFrame) -> pl.Series:
        """Return what is special about a lead: of who works in a group, that too."""
        group = joined(case, ":group").zip_with(at["head"].is_not_null(), case)
        return group.zip_with(case.is_in(["", "stranger"]), case)

    def links(self, at: pl.DataFrame, linked: pl.Series) -> pl.Series:
        """Return the companies that the CRM has already: some wrong, some gone."""
        count = len(at)
        link = ids("C", at["firm"]).set(~linked | ~self.where(count, 0.3), None)
        here = link.is_not_null()
        wrong = ids("C", self.world.filter("in_crm")["firm"])
        wrong = wrong.gather(self.rng.integers(0, len(wrong), count))
        link = link.set(here & self.where(count, 0.004), "C-gone")
        return wrong.zip_with(here & self.where(count, 0.002), link)

    def addresses(self, case: pl.Series, at: pl.DataFrame) -> pl.Series:
        """Return mail addresses: most of the firm, many of a person, some of nobody."""
        count = len(at)
        host = at["host"]
        sub = joined(self.some(("mail", "tokyo", "sales", "jp"), count), ".", host)
        host = sub.zip_with(self.where(count, 0.06) & ~at["small"], host)
        host = swapped(host, self.rng).zip_with(self.where(count, 0.008), host)
        free = self.shared(_FREE, count)
        personal = self.where(count, 0.12)
        personal = personal | (case == "individual") | (at["small"] & self.where(count, 0.3))
        host = free.zip_with(personal, host)
        host = self.some(_SHARED, count).zip_with(self.where(count, 0.002), host)
        campus = joined(spelt(at["firm"].to_numpy() % 300), ".ac.jp")
        campus = joined("stu.", campus).zip_with(self.where(count, 0.4), campus)
        campus = free.zip_with(self.where(count, 0.4), campus)
        host = campus.zip_with(case == "student", host)
        host = host.set(case == "own", OWN)
        host = self.some(VENDORS, count).zip_with(case == "vendor", host)
        # Who resells for a firm has a domain of his own, or none.
        dealer = joined("d-", spelt(at["firm"].to_numpy() % 5000), ".jp")
        host = dealer.zip_with((case == "agency") & self.where(count, 0.6), host)
        host = free.zip_with((case == "agency") & (host == at["host"]), host)
        local = self.locals(count)
        address = joined(local, "@", host)
        address = address.str.to_uppercase().zip_with(self.where(count, 0.01), address)
        address = full_width(address).zip_with(self.where(count, 0.002), address)
        broken = self.some(("", "none", "@", "unknown@", "-"), count)
        address = broken.zip_with(self.where(count, 0.004), address)
        blank = self.where(count, 0.07) | (case == "nothing")
        return address.set(blank, None)

    def locals(self, count: int) -> pl.Series:
        """Return what stands before the @: a person's, or that of a desk."""
        surname = self.word(_SYLLABLES, (2, 3), count)
        initial = self.some(tuple("ahkmnrsty"), count)
        digits = pl.Series(self.rng.integers(0, 100, count)).cast(pl.String)
        style = self.rng.random(count)
        local = joined(surname, digits).zip_with(
            pl.Series(style < 0.3), joined(initial, ".", surname)
        )
        return self.some(_ROLES, count).zip_with(self.where(count, 0.04), local)

    def titles(self, case: pl.Series) -> pl.Series:
        """Return titles: of students what they are, of most others what they do."""
        count = len(case)
        title = self.blank(self.some(_TITLES, count), 0.4)
        student = self.some(("学生", "大学院生", "Student"), count)
        return student.zip_with((case == "student") & self.where(count, 0.9), title)

    def names_told(self, case: pl.Series, at: pl.DataFrame) -> pl.Series:
        """Return what leads write where they are asked for their company."""
        count = len(at)
        name = self.written(at, careful=False)
        agency = joined(at["name"], self.some(("_代理店", "販売代理店", "(代理店)"), count))
        name = agency.zip_with(case == "agency", name)
        campus = joined(self.some(_KANJI_FIRST, count), self.some(_KANJI_SECOND, count), "大学")
        name = campus.zip_with((case == "student") & self.where(count, 0.6), name)
        none = case.is_in(["individual", "nothing", "own"]) | self.where(count, 0.2)
        none = none | ((case == "student") & ~name.str.ends_with("大学"))
        return name.set(none, None)

    def numbers_told(self, at: pl.DataFrame, works: pl.Series) -> pl.Series:
        """Return the 法人番号 that some know: of their firm, of its parent, or mistyped."""
        count = len(at)
        number = at["number"]
        of_head = self.world["number"].gather(at["head"].fill_null(0))
        number = of_head.zip_with(at["head"].is_not_null() & self.where(count, 0.01), number)
        number = mistyped(number, self.rng).zip_with(self.where(count, 0.03), number)
        style = self.rng.random(count)
        hyphens = joined(
            number.str.slice(0, 1),
            *(part for start in (1, 5, 9) for part in ("-", number.str.slice(start, 4))),
        )
        number = hyphens.zip_with(pl.Series(style < 0.2), number)
        number = joined("T", number).zip_with(pl.Series(style > 0.8), number)
        number = full_width(number).zip_with(self.where(count, 0.05), number)
        return number.set(~works | ~self.where(count, 0.08), None)

    def regions_told(self, at: pl.DataFrame, case: pl.Series) -> pl.Series:
        """Return where leads say that they are: not always where the head office is."""
        count = len(at)
        region = self._regions(count).zip_with(self.where(count, 0.12), at["region"])
        return self.regions_written(region).set((case == "nothing") | self.where(count, 0.4), None)

    # -- how things are written --

    def regions_written(self, region: pl.Series) -> pl.Series:
        """Return prefectures, some without what they end with."""
        count = len(region)
        short = region.str.replace("[都府県]$", "")
        region = short.zip_with(self.where(count, 0.3), region)
        return joined(region, "　").zip_with(self.where(count, 0.01), region)

    def written(self, at: pl.DataFrame, *, careful: bool) -> pl.Series:
        """Return the names of firms as people write them."""
        count = len(at)
        name, form, latin = at["name"], at["form"], at["latin"]
        rest = name
        slips = 0.002 if careful else 0.02
        rest = swapped(rest, self.rng).zip_with(self.where(count, slips), rest)
        # Where 株式会社 stands is part of the name, and the firm itself knows.
        after = pl.Series(at["firm"].to_numpy() % 2 == 0)
        style = self.rng.random(count)
        written = joined(rest, form).zip_with(after, joined(form, rest))
        if not careful:
            before = self.where(count, 0.5)
            for low, marks in ((0.45, _SHORT), (0.6, _BRACKETS), (0.7, _WIDE)):
                mark = form.replace(marks)
                other = joined(mark, rest).zip_with(before, joined(rest, mark))
                written = other.zip_with(pl.Series(style > low), written)
            written = rest.zip_with(pl.Series(style > 0.8), written)
            written = joined(form, " ", rest).zip_with(pl.Series(style > 0.97), written)
        ending = self.some((" Inc.", ", Inc.", " Co., Ltd.", " K.K.", ""), count)
        written = joined(rest, ending).zip_with(latin & self.where(count, 0.7), written)
        if careful:
            return written.str.strip_chars()
        wide = half_width_kana(full_width(written))
        written = wide.zip_with(self.where(count, 0.04), written)
        unit = joined(written, self.some(("", " ", "　"), count), self.some(_UNITS, count))
        return unit.zip_with(self.where(count, 0.07), written).str.strip_chars()


# -- texts --


def joined(*parts: pl.Series | str) -> pl.Series:
    """Return texts one after the other; a blank makes it blank."""
    return pl.select(
        pl.concat_str(*(pl.lit(part) for part in parts), ignore_nulls=False)
    ).to_series()


def ids(letter: str, numbers: pl.Series) -> pl.Series:
    """Return ids of a kind."""
    return joined(letter, numbers.cast(pl.String).str.zfill(8))


def spelt(numbers: Numbers) -> pl.Series:
    """Return a word for each number, no two alike."""
    base = len(_SYLLABLES)
    letters = pl.Series(_SYLLABLES)
    return joined(*(letters.gather(numbers // base**place % base) for place in range(4)))


def numbered(numbers: Numbers, public: pl.Series) -> pl.Series:
    """Return 法人番号: those of towns begin with 00002 behind the check digit."""
    base = np.where(public.to_numpy(), 20_000_000 + numbers, 10_001_000_001 + 7 * numbers)
    digits = np.stack([base // 10**place % 10 for place in range(12)])
    weights = np.where(np.arange(12) % 2 == 0, 1, 2)[:, None]
    check = 9 - (digits * weights).sum(axis=0) % 9
    return joined(pl.Series(check).cast(pl.String), pl.Series(base).cast(pl.String).str.zfill(12))


def mistyped(texts: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Return numbers of which one digit is another."""
    count = len(texts)
    place = pl.Series(rng.integers(1, 13, count))
    frame = pl.DataFrame({"text": texts, "place": place, "more": rng.integers(1, 10, count)})
    digit = (pl.col("text").str.slice(pl.col("place"), 1).cast(pl.Int64) + pl.col("more")) % 10
    return frame.select(
        pl.concat_str(
            pl.col("text").str.slice(0, pl.col("place")),
            digit.cast(pl.String),
            pl.col("text").str.slice(pl.col("place") + 1),
        )
    ).to_series()


def swapped(texts: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Return texts of which two letters stand in the wrong order."""
    frame = pl.DataFrame({"text": texts, "place": rng.integers(0, 3, len(texts))})
    text, place = pl.col("text"), pl.col("place")
    return frame.select(
        pl.concat_str(
            text.str.slice(0, place),
            text.str.slice(place + 1, 1),
            text.str.slice(place, 1),
            text.str.slice(place + 2),
        )
    ).to_series()


_ASCII: Final = [chr(code) for code in range(0x21, 0x7F)]
_HALF: Final = dict(
    zip("アイカキシステムガ", ("ｱ", "ｲ", "ｶ", "ｷ", "ｼ", "ｽ", "ﾃ", "ﾑ", "ｶﾞ"), strict=True)
)


def full_width(texts: pl.Series) -> pl.Series:
    """Return texts whose letters are as wide as kanji."""
    return texts.str.replace_many(_ASCII, [chr(ord(one) + 0xFEE0) for one in _ASCII])


def half_width_kana(texts: pl.Series) -> pl.Series:
    """Return texts some of whose kana are half as wide."""
    return texts.str.replace_many(list(_HALF), list(_HALF.values()))
