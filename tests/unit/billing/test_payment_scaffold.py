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


def test_its_tests_pass_and_it_stands_in_the_registry(project: Path) -> None:
    made = scaffold.write(root=project, name="thirteenth", title='Тринадцята "каса"')
    registry = (project / "billing/payments/registry.py").read_text()
    assert "    thirteenth,\n" in registry
    assert "        thirteenth.PROVIDER,\n" in registry
    compile(registry, "registry.py", "exec")
    for path in made:
        if path.endswith(".py"):
            compile((project / path).read_text(), path, "exec")
    with pytest.raises(ValueError, match="already"):
        scaffold.write(root=project, name="thirteenth")
    # Its own tests, with the plug-in beside those of the project.
    check = (
        "import sys, billing.payments.providers as p; p.__path__.append(sys.argv[1]);"
        "import runpy; t = runpy.run_path(sys.argv[2]);"
        "t['test_a_check_and_a_payment_are_read']();"
        "[t['test_what_cannot_be_read_is_refused_in_its_own_form'](q) for q in ('', 'command=pay')]"
    )
    providers = project / "billing/payments/providers"
    test = project / "tests/contract/payments/thirteenth/test_thirteenth.py"
    ran = subprocess.run(
        [sys.executable, "-c", check, str(providers), str(test)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "../x", "a" * 30, "ї"])
def test_a_name_is_a_name(project: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        scaffold.write(root=project, name=name)
