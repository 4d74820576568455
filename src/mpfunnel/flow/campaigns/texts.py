"""Texts: of what the figures of campaigns are, with the days and the costs that they rest on."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from mpfunnel.labels import Label

__all__ = ["Texts"]


@frozen
class Texts:
    """The bases of the figures as of a day.

    Attributes:
        as_of: The day.
        horizon: Within how many days of the first touch what follows counts.
        cost_basis: What the spends contain.
        currency: The currency of all sums.
    """

    as_of: date
    horizon: int
    cost_basis: Label
    currency: str

    @property
    def _ripe(self) -> date:
        """The last day of what is old enough."""
        return date.fromordinal(max(1, self.as_of.toordinal() - self.horizon))

    def _within(self, en: str, ja: str) -> Label:
        return Label(
            f"{en} within {self.horizon} days of the first touch, "
            f"of companies touched by {self._ripe}",
            f"初回接触から{self.horizon}日以内の{ja}（{self._ripe}までに接触した企業）",
        )

    def _by(self, en: str, ja: str) -> Label:
        return Label(f"{en} by {self.as_of}", f"{self.as_of}までに{ja}")

    @property
    def budget(self) -> Label:
        """Of the budget."""
        return Label(f"budget in {self.currency}", f"予算（{self.currency}）")

    @property
    def spend(self) -> Label:
        """Of all that was spent."""
        return Label(
            f"{self.cost_basis} by {self.as_of}, in {self.currency}",
            f"{self.as_of}までの{self.cost_basis.ja}（{self.currency}）",
        )

    @property
    def cost(self) -> Label:
        """Of what was spent long enough ago."""
        return Label(
            f"{self.cost_basis} by {self._ripe}, {self.horizon} days before {self.as_of}, "
            f"in {self.currency}",
            f"{self.as_of}の{self.horizon}日前（{self._ripe}）までの"
            f"{self.cost_basis.ja}（{self.currency}）",
        )

    @property
    def reached(self) -> Label:
        """Of companies to which something was delivered."""
        return self._by("companies to which something was delivered", "何かが届いた企業数")

    @property
    def engaged(self) -> Label:
        """Of companies that were engaged."""
        return self._by("companies of which somebody was engaged", "積極的に反応した企業数")

    @property
    def unmatched(self) -> Label:
        """Of people without company."""
        return self._by(
            "people without company to whom something was delivered",
            "何かが届いた企業未紐付けの人数",
        )

    @property
    def response(self) -> Label:
        """Of people who responded."""
        return self._by(
            "people who responded, of those to whom something was delivered",
            "届いた人のうち反応した人の割合",
        )

    @property
    def meetings(self) -> Label:
        """Of meetings held."""
        return self._within("days on which a company was met", "面談（企業×日）")

    @property
    def deals(self) -> Label:
        """Of deals opened."""
        return self._within("deals opened", "新規商談")

    @property
    def won(self) -> Label:
        """Of deals won."""
        return self._within(
            "deals won, whenever they were opened,", "受注（商談化の時期を問わない）"
        )

    @property
    def won_open_before(self) -> Label:
        """Of deals won that were open already."""
        return self._within("deals won that were opened before,", "接触前からの商談の受注")

    @property
    def value(self) -> Label:
        """Of what the deals won are worth."""
        return self._within(f"{self.currency} won", f"受注金額（{self.currency}）")

    @property
    def deal_conversion(self) -> Label:
        """Of companies that opened a deal."""
        return self._within("companies that opened a deal", "商談化した企業の割合")

    @property
    def cac(self) -> Label:
        """Of the cost of a customer."""
        return Label(
            f"CAC with a lag of {self.horizon} days: {self.cost}, per company of which the first "
            f"deal was won within {self.horizon} days of the first touch",
            f"CAC（ラグ{self.horizon}日）：{self.cost.ja}÷"
            f"初回接触から{self.horizon}日以内の新規受注企業数",
        )

    @property
    def roi(self) -> Label:
        """Of the return on investment."""
        return self._return("ROI", "(value won - cost) / cost", "（受注金額－費用）÷費用")

    @property
    def roas(self) -> Label:
        """Of the return on spend."""
        return self._return("ROAS", "value won / cost", "受注金額÷費用")

    def _return(self, name: str, en: str, ja: str) -> Label:
        return Label(
            f"{name} on {self.cost_basis} within {self.horizon} days: {en}; cost: {self.cost}; "
            f"won: {self.value}",
            f"{name}（{self.cost_basis.ja}・{self.horizon}日以内）：{ja}。費用：{self.cost.ja}。"
            f"受注：{self.value.ja}",
        )
