"""All benchmarks, one after another, each in a process of its own; a table goes to var/bench/."""

import argparse
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from project.core import clock

# name → {ratio or figure: (bar, whether more is better)}: the bars of docs/benchmarks.md.
BARS: dict[str, dict[str, tuple[float, bool]]] = {
    "availability": {"http": (0.5, True)},
    "charge_run": {
        "run": (1.6, False),
        "worst_payment_wait_s": (0.5, False),
        "rerun_s": (0.2, False),
    },
    "coa": {
        "p95_ms": (1000, False),
        "block_p95_ms": (1000, False),
        "unblock_p95_ms": (1000, False),
        "dialects_p95_ms": (1000, False),
    },
    "coverage_batch": {"cpu": (1.5, False)},
    "ledger_post": {"pgbench": (0.6, True), "orm": (4.0, True)},
    "ledger_verify": {"balances": (2.0, False), "sequential": (2.0, False)},
    "radius_acct": {"wire": (0.5, True), "ingest": (0.5, True)},
    "publish": {"recompute": (2.0, False)},
    "radius_auth": {"fast": (0.22, True), "rest": (0.045, True)},
    "tiles": {"z14": (2.0, False)},
}


def names() -> list[str]:
    """The benchmarks there are."""
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def measured(name: str, scale: float) -> dict[str, Any]:
    """The line of one benchmark; an error as a line too, so that the others still run."""
    command = [sys.executable, "-m", f"tests.bench.{name}", "--scale", str(scale)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        return {"bench": name, "error": f"ended with {done.returncode}"}
    line: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return line


def verdict(name: str, ratio: str, value: float) -> str:
    """Whether a ratio meets its bar, in words."""
    bar = BARS.get(name, {}).get(ratio)
    if bar is None:
        return "no bar"
    most, is_rate = bar
    sign = "≥" if is_rate else "≤"
    return f"{'meets' if (value >= most if is_rate else value <= most) else 'MISSES'} {sign} {most}"


def table(lines: list[dict[str, Any]], at: datetime) -> str:
    """The results as Markdown."""
    rows = [f"# Benchmarks, {at:%d.%m.%Y %H:%M}", "", "| name | ratio | value | bar | load |"]
    rows.append("|---|---|---|---|---|")
    for line in lines:
        if "error" in line:
            rows.append(f"| {line['bench']} | | | {line['error']} | |")
        figures = line.get("figures", {})
        judged = {name: figures[name] for name in BARS.get(line["bench"], {}) if name in figures}
        for ratio, value in {**line.get("ratios", {}), **judged}.items():
            told = verdict(line["bench"], ratio, value)
            rows.append(f"| {line['bench']} | {ratio} | {value} | {told} | {line['load']} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Run all; 1 when one of them failed to run (a missed bar is told, not an error)."""
    parser = argparse.ArgumentParser(description="All benchmarks")
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    lines = []
    for name in names():
        print(f"==> {name}", file=sys.stderr, flush=True)
        lines.append(measured(name, scale))
        print(json.dumps(lines[-1], ensure_ascii=False), flush=True)
    folder = settings.VAR_DIR / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    at = clock.now().astimezone(clock.KYIV)
    path = folder / f"{at:%Y-%m-%d-%H%M}.md"
    path.write_text(table(lines, at))
    print(f"    the table: {path}", file=sys.stderr)
    return int(any("error" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
