"""iBox: payment terminals; the OSMP-like dialect of F1."""

from billing.payments.engines import osmp
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider, Setting

PROVIDER = Provider(
    code="ibox",
    title="iBox",
    protocol="command GET/XML",
    endpoints=(osmp.endpoint("terminal", "ibox"),),
    settings=(
        *BASIC_SETTINGS,
        *osmp.SETTINGS,
        Setting(
            "topup_url",
            help="iBox's page for this service, for the link on our pages; {account}: the contract",
        ),
    ),
    capabilities=frozenset({"lookup", "reverse"}),
    open_questions=(
        "cancel: field names by one code base each (prv_txn, cancel_txn_id); both are read",
        "balance: fields unknown; answered as an unknown command (300)",
        "a register and the present list of addresses: ask iBox; set the networks",
    ),
)
