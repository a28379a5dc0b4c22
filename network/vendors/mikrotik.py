"""MikroTik RouterOS (vendor 14988).

`Mikrotik-Rate-Limit` is "rx/tx" as the router sees it, so the subscriber's upload comes first; the
suffixes k and M mean 1000 and 1000². A guest lands in the firewall address list `geobill-guest`,
which the router's own rules must wall in (docs/operations.md).
"""

from network.vendors.driver import Capabilities, Driver, Template


def short(bit_s: int) -> str:
    """300000000 → "300M", 1500000 → "1500k", 1234567 → "1234567"."""
    if bit_s % 1_000_000 == 0:
        return f"{bit_s // 1_000_000}M"
    if bit_s % 1_000 == 0:
        return f"{bit_s // 1_000}k"
    return str(bit_s)


DRIVER = Driver(
    vendor="mikrotik",
    title="MikroTik RouterOS",
    rate=(Template("Mikrotik-Rate-Limit", "{up_short}/{down_short}"),),
    guest=(
        Template("Mikrotik-Address-List", "geobill-guest"),
        Template("Mikrotik-Rate-Limit", "1M/1M"),
    ),
    identify=("Acct-Session-Id", "User-Name", "Framed-IP-Address"),
    capabilities=Capabilities(rate_by_coa=True),
    extra_values=lambda down, up: {"down_short": short(down), "up_short": short(up)},
)
