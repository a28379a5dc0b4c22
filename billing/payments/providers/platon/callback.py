"""Platon's callback: every operation of the merchant at one address.

The digest covers the e-mail, the order and the card, in variant 2 the status too, and never the
amount: a callback is worth what the order says that it is compared with.
"""

from datetime import datetime

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines.form_callback import Fields
from billing.payments.gateway import Merchant, Message
from billing.payments.wire import values

REVERSALS = ("REFUND", "CHARGEBACK")
KEPT = ("card", "email", "rrn", "approval_code", "brand", "issuing_bank", "rc_id")


def card_ends(card: str) -> str:
    """First six and last four of a masked card number."""
    return card[:6] + card[-4:] if len(card) >= 10 else card


def digest(fields: Fields, *, email: str, password: str, variant: int) -> str:
    """The callback's digest in variant 1 or 2."""
    parts = [
        (email, True),
        (password, False),
        (fields.get("order", ""), False),
        (card_ends(fields.get("card", "")), True),
    ]
    if variant == 2:
        parts.append((fields.get("status", ""), True))
    return recipes.md5_rev_upper(parts)


def verify(fields: Fields, merchant: Merchant) -> bool:
    """Whether `sign` holds in a variant that the merchant account accepts."""
    chosen = str(merchant["callback_variant"])
    email = fields.get("email") or str(merchant["default_email"])
    holds = False
    for variant in (1, 2) if chosen == "either" else (int(chosen),):
        right = digest(fields, email=email, password=str(merchant["password"]), variant=variant)
        holds = recipes.same_hex(fields.get("sign", ""), right) or holds
    return holds


def told(fields: Fields, merchant: Merchant, moment: datetime) -> Message:
    """SALE pays, REFUND and CHARGEBACK take back; anything else is kept in the journal only."""
    status = values.short(fields.get("status", "").strip().upper(), 20)
    if status != "SALE" and status not in REVERSALS:
        return Message(status, ())
    if fields.get("currency", "UAH").upper() != "UAH":
        raise values.BadValueError("another currency")
    amount = values.uah(fields.get("amount", ""))
    key = values.key(fields.get("id", ""), max_length=60)
    is_back = status in REVERSALS
    seen = Seen(
        state=SeenState.REVERSED if is_back else SeenState.PAID,
        order=values.short(fields.get("order", ""), 60),
        key=key,
        amount_kopecks=amount,
        paid_at=values.local_time(fields.get("date", "").replace("T", " "), "%Y-%m-%d %H:%M:%S"),
        refunds=((f"{key}:{status}:{amount}", amount),) if is_back else (),
        reason=status if is_back else "",
        # ext1, the account, is covered by no digest: the order says whose the money is.
        details={name: values.short(fields.get(name, ""), 100) for name in KEPT}
        | {"told_at": moment.isoformat()},
    )
    return Message(status, (Told(seen, Trust.ORDER),))
