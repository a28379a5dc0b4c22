"""What a change of tariffs would mean for the clients there are, tried without posting anything.

    hypothesis = whatif.of_draft(tariff_id=…, on_date=…)
    report = whatif.answer(hypothesis=hypothesis, at=…)

Set-based and in parts, so that it works on a large base: places are resolved once each by the same
ladder that sells (`billing.tariffs.resolution`), amounts by the functions that charge
(`sql/charging.sql`). Long ones are a background job (`work.run`).
"""

from billing.whatif.answering import answer, count_services, parts
from billing.whatif.hypotheses import (
    Hypothesis,
    NothingToTryError,
    of_batch,
    of_draft,
)
from billing.whatif.reports import AccountLine, Report, ZoneLine

__all__ = [
    "AccountLine",
    "Hypothesis",
    "NothingToTryError",
    "Report",
    "ZoneLine",
    "answer",
    "count_services",
    "of_batch",
    "of_draft",
    "parts",
]
