"""What a discount takes off (pure: no Django, no database). SQL: `billing_discount_off`."""


def off_kopecks(
    *, kind: str, percent_bp: int | None, amount_kopecks: int | None, price_kopecks: int
) -> int:
    """Kopecks off a month's price, rounded down; never more than the price. 1000 bp is 10 %."""
    if kind == "PERCENT":
        assert percent_bp is not None
        return min(price_kopecks * percent_bp // 10_000, price_kopecks)
    assert amount_kopecks is not None
    return min(amount_kopecks, price_kopecks)
