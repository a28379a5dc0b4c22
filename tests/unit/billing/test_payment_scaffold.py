"""A thirteenth payment system is a folder: what is written works as it stands."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from billing.payments import scaffold

ROOT = Path(settings.BASE_DIR)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What of the project a pure plug-in and its tests need."""
    for path in ("billing/payments/registry.py", "billing/calendar.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


PAYS = """
import importlib, sys
import django
django.setup()
import billing.payments.providers as providers, tests.contract.payments as contract
providers.__path__.append(sys.argv[1]); contract.__path__.append(sys.argv[2])
from datetime import UTC, datetime
from billing.payments import registry
from billing.payments.calls import Told
from billing.payments.gateway import IncomingRequest, Merchant, Refusal
at = datetime(2026, 11, 10, 12, tzinfo=UTC)
for name in sys.argv[3:]:
    provider = importlib.import_module(f"billing.payments.providers.{name}").PROVIDER
    told = importlib.import_module(f"tests.contract.payments.{name}.test_{name}").incoming()
    importlib.import_module(f"tests.contract.payments.{name}.adapter").ADAPTER
    values = {one.name: one.default for one in provider.settings} | told.settings
    merchant = Merchant(1, name, "test", values)
    sent = told.pay(told.key, "100001", told.amount)
    suffix, _, query = sent.path_suffix.partition("?")
    endpoint = provider.endpoint_for(suffix)
    headers = {key.lower(): value for key, value in sent.headers.items()}
    def asked(query, body):
        return IncomingRequest(sent.method, suffix, headers, query, body, "192.0.2.1")
    (call,) = endpoint.read(asked(query, sent.body), merchant, at).calls
    seen = call.seen if isinstance(call, Told) else call
    assert (seen.account, seen.amount_kopecks, seen.key) == ("100001", 12_550, "7"), call
    try:
        endpoint.read(asked("a=1", b"a=1"), merchant, at)
        raise SystemExit(f"{name}: it was read")
    except Refusal as refusal:
        assert endpoint.refuse(refusal, asked("a=1", b"a=1"), merchant, at).status < 500
"""


def test_what_is_written_reads_a_payment_and_stands_in_the_registry(project: Path) -> None:
    names = [f"new{family}" for family in scaffold.FAMILIES]
    for name in names:
        made = scaffold.write(
            root=project, name=name, title='Тринадцята "каса"', family=name.removeprefix("new")
        )
        for path in made:
            if path.endswith(".py"):
                compile((project / path).read_text(), path, "exec")
        readme = (project / f"billing/payments/providers/{name}/README.md").read_text()
        assert "Тринадцята 'каса'" in readme
        with pytest.raises(ValueError, match="already"):
            scaffold.write(root=project, name=name)
        registry = (project / "billing/payments/registry.py").read_text()
        compile(registry, "registry.py", "exec")
        assert f"    {name},\n" in registry
        assert f"        {name}.PROVIDER,\n" in registry
    providers = project / "billing/payments/providers"
    tests = project / "tests/contract/payments"
    ran = subprocess.run(
        [sys.executable, "-c", PAYS, str(providers), str(tests), *names],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    # How imports are sorted depends on where the folder lies.
    rules = ["ruff", "check", "--ignore=I", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    style = subprocess.run(
        [sys.executable, "-m", *rules, str(providers), str(tests)],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert style.returncode == 0, style.stdout


def test_an_unknown_family_is_refused(project: Path) -> None:
    with pytest.raises(ValueError, match="family"):
        scaffold.write(root=project, name="other", family="f9")


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "../x", "a" * 30, "ї"])
def test_a_name_is_a_name(project: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        scaffold.write(root=project, name=name)
