"""What a BRAS driver is: data only. Speeds inside are bit/s as the subscriber sees them.

Templates hold `{name}` places which `values` fills. Unit and direction are the driver's business:
MikroTik counts from the router ("rx/tx", rx is the upload), accel-ppp says "down/up" in kbit/s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class ReplyAttribute(NamedTuple):
    """One attribute on its way to the BRAS: name of FreeRADIUS' dictionary, operator, value."""

    name: str
    op: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Template:
    """An attribute and the form of its value, e.g. `Mikrotik-Rate-Limit` = `{up_si}/{down_si}`."""

    attribute: str
    form: str
    op: str = ":="

    def render(self, values: Mapping[str, object]) -> ReplyAttribute:
        """The attribute with its places filled."""
        return ReplyAttribute(self.attribute, self.op, self.form.format_map(values))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the BRAS can do with a running session."""

    rate_by_coa: bool = False


@dataclass(frozen=True, slots=True)
class Driver:
    """One vendor's dialect.

    `rate` sets the speed, in an Accept and in a CoA. `guest` walls a session in; a vendor without
    it gets no guests: a slow session that reaches the whole internet is not "no internet".
    `identify` are the attributes that name a session to the BRAS.
    """

    vendor: str
    title: str
    rate: tuple[Template, ...]
    guest: tuple[Template, ...] = ()
    identify: tuple[str, ...] = ("Acct-Session-Id", "User-Name")
    capabilities: Capabilities = field(default_factory=Capabilities)
    extra_values: Callable[[int, int], dict[str, object]] = lambda down, up: {}

    def render_rate(self, *, down_bit_s: int | None, up_bit_s: int | None) -> list[ReplyAttribute]:
        """Attributes of the speed; none when the tariff has no limit."""
        if not down_bit_s or not up_bit_s:
            return []
        values = {"down_bit": down_bit_s, "up_bit": up_bit_s}
        values |= self.extra_values(down_bit_s, up_bit_s)  # type: ignore[arg-type]
        return [template.render(values) for template in self.rate]

    def render_guest(self) -> list[ReplyAttribute]:
        """Attributes of a guest session."""
        return [template.render({}) for template in self.guest]
