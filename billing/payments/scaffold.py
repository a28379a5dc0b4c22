"""The folder of a new payment system: a declaration that works, its README, its contract tests.

It begins as the terminal dialect of F1 (check, pay, cancel by GET, XML out), which a developer then
turns into what the payment system's description says; the tests are red where that changes.
"""

import re
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9]{1,23}")

_DECLARATION = '''"""{title}: the terminal dialect of F1; make it what its description says."""

from billing.payments.engines import osmp
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider, Setting

PROVIDER = Provider(
    code="{name}",
    title="{title}",
    protocol="command GET/XML",
    endpoints=(osmp.endpoint("terminal", "{name}"),),
    settings=(
        *BASIC_SETTINGS,
        Setting("pay_type", help="our service number at {title}; empty: any"),
        Setting("fop_id", help="which legal entity gets the money"),
        Setting("allows_cancel", kind="flag", default=True),
    ),
    capabilities=frozenset({{"lookup", "reverse"}}),
    open_questions=("nothing of it is confirmed by {title} yet",),
)
'''
_README = """# {title}

| | |
|---|---|
| Protocol | command GET/XML (F1) |
| Address | `/pay/{name}/<slug>` |
| Who may call | networks of the merchant account, HTTP Basic where it is set |
| Idempotency | `txn_id` in the space `{name}` |

Open: nothing of it is confirmed by {title} yet. Each question is a setting with the safe default.
"""
_ADAPTER = '''"""{title} under its vectors."""

from tests.vectors.adapter import Adapter


class {kind}Adapter(Adapter):
    """Nothing to configure: addresses only."""

    provider = "{name}"


ADAPTER = {kind}Adapter()
'''
_TEST = '''"""{title}: what its messages ask of us."""

from datetime import UTC, datetime

import pytest

from billing.payments.calls import Lookup, Pay
from billing.payments.gateway import IncomingRequest, Merchant, Refusal
from billing.payments.providers.{name} import PROVIDER

AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
MERCHANT = Merchant(1, "{name}", "test", {{one.name: one.default for one in PROVIDER.settings}})


def asked(query: str) -> IncomingRequest:
    return IncomingRequest("GET", "", {{}}, query, b"", "192.0.2.1")


def test_a_check_and_a_payment_are_read() -> None:
    endpoint = PROVIDER.endpoints[0]
    said = "txn_id=7&account=100001&sum=120.50"
    (check,) = endpoint.read(asked(f"command=check&{{said}}"), MERCHANT, AT).calls
    assert check == Lookup("100001", 12_050)
    (pay,) = endpoint.read(asked(f"command=pay&{{said}}"), MERCHANT, AT).calls
    assert isinstance(pay, Pay)
    assert (pay.account, pay.amount_kopecks, pay.key) == ("100001", 12_050, "7")


@pytest.mark.parametrize("query", ["", "command=pay", "command=pay&sum=-1", "command=%00&sum=1e9"])
def test_what_cannot_be_read_is_refused_in_its_own_form(query: str) -> None:
    endpoint = PROVIDER.endpoints[0]
    with pytest.raises(Refusal) as refused:
        endpoint.read(asked(query), MERCHANT, AT)
    assert endpoint.refuse(refused.value, asked(query), MERCHANT, AT).body.startswith(b"<")
'''


def files(*, name: str, title: str) -> dict[str, str]:
    """What is written, by path inside the project. Raises ValueError for a name that is no name."""
    if NAME.fullmatch(name) is None:
        raise ValueError("a name has 2 to 24 small Latin letters and digits, a letter first")
    shown = title.strip().replace('"', "'").replace("{", "").replace("}", "") or name.capitalize()
    words = {"name": name, "title": shown, "kind": name.capitalize()}
    tests = f"tests/contract/payments/{name}"
    return {
        f"billing/payments/providers/{name}/__init__.py": _DECLARATION.format(**words),
        f"billing/payments/providers/{name}/README.md": _README.format(**words),
        f"{tests}/__init__.py": "",
        f"{tests}/adapter.py": _ADAPTER.format(**words),
        f"{tests}/test_{name}.py": _TEST.format(**words),
    }


def registered(registry: str, *, name: str) -> str:
    """The text of `registry.py` with the new payment system in its place."""
    head, sign, rest = registry.partition("from billing.payments.providers import (\n")
    names, end, tail = rest.partition(")\n")
    if not sign or not end:
        raise ValueError("registry.py has no list of providers")
    imported = sorted({*names.split(), f"{name},"})
    lines = "".join(f"    {one}\n" for one in imported)
    before, sign2, after = tail.partition("    for provider in (\n")
    if not sign2:
        raise ValueError("registry.py has no table of providers")
    listed, end2, last = after.partition("    )\n")
    declared = sorted({*listed.split(), f"{name}.PROVIDER,"})
    table = "".join(f"        {one}\n" for one in declared)
    return f"{head}{sign}{lines}{end}{before}{sign2}{table}{end2}{last}"


def write(*, root: Path, name: str, title: str = "") -> list[str]:
    """Write the folder and the line in the registry; the paths. Raises ValueError, also when it is
    there already.
    """
    wanted = files(name=name, title=title)
    if any((root / path).exists() for path in wanted):
        raise ValueError(f"{name} is there already")
    registry = root / "billing/payments/registry.py"
    text = registered(registry.read_text(encoding="utf-8"), name=name)
    for path, content in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    registry.write_text(text, encoding="utf-8")
    return sorted(wanted)
