"""Platon: checkout form, callbacks in both variants of their digest, server API."""

from billing.payments.engines.form_callback import FormCallback, by_status
from billing.payments.gateway import Provider, Setting
from billing.payments.providers.platon import callback
from billing.payments.providers.platon.server import PlatonClient

PROVIDER = Provider(
    code="platon",
    title="Platon",
    protocol="checkout form, callback, server API",
    endpoints=(
        FormCallback(
            "callback",
            "platon",
            ("/callback",),
            callback.verify,
            callback.told,
            by_status,
            verified="md5",
        ),
    ),
    clients={"form": PlatonClient()},
    settings=(
        Setting("key", required=True, help="merchant key"),
        Setting("password", kind="secret", required=True),
        Setting("default_email", help="for payers who have told none; it is part of the digests"),
        Setting("callback_variant", kind="choice", default="either", choices=("either", "1", "2")),
        Setting("hash_formula", kind="choice", default="full", choices=("full", "short")),
        Setting("refunds_at_once", kind="flag", default=False),
        Setting("believes_status", kind="flag", default=False),
    ),
    capabilities=frozenset({"checkout", "query", "refund", "partial_refund", "capture"}),
    open_questions=(
        "digest of the callback, with or without the status: callback_variant, either",
        "digest of the server API, with or without the card: hash_formula, full",
        "values of the status calls: believes_status, off, nothing is credited by them alone",
        "answer of the invoice API: an address of a page is looked for under its likely names",
        "whether several refunds of one payment repeat its id: told apart by their amounts",
    ),
)
