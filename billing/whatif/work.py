"""A long what-if as a background job: part by part, resumed where it was, its answer kept."""

import json
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from billing.whatif.answering import count_services, each_part
from billing.whatif.hypotheses import Hypothesis, of_batch, of_draft
from billing.whatif.reports import Report
from project.core import jobs
from project.core.actor import Actor
from project.core.clock import today
from project.core.jobs import Progress
from project.core.models import Job

KIND = "billing.what_if"
STORED_NAME = "what-if.json"


def is_long(*, hypothesis: Hypothesis) -> bool:
    """Whether it takes longer than a page may."""
    return count_services(hypothesis=hypothesis) > settings.GEOBILL_WHAT_IF_AT_ONCE


def begin(*, question: dict[str, Any], title: str, actor: Actor, at: datetime) -> Job:
    """Queue the question: {"tariff_id", "existing_from"?} or {"batch_id"}."""
    return jobs.start(kind=KIND, params=question, title=title, actor=actor, at=at)


def hypothesis_of(question: dict[str, Any], *, today: date) -> Hypothesis:
    """What a question tries; raises what `of_draft` and `of_batch` raise."""
    if "batch_id" in question:
        return of_batch(batch_id=int(question["batch_id"]))
    day = question.get("existing_from")
    return of_draft(
        tariff_id=int(question["tariff_id"]),
        today=today,
        existing_from=date.fromisoformat(day) if day else None,
    )


def run(progress: Progress) -> None:
    """The handler of the job."""
    at = progress.started_at
    hypothesis = hypothesis_of(progress.params, today=today(at))
    progress.set_total(count_services(hypothesis=hypothesis))
    state = progress.state or {}
    report = Report.of_json(state["report"]) if state else Report()
    counted = report.total().services
    for part in each_part(report, hypothesis=hypothesis, at=at, after=state.get("after", 0)):
        services = report.total().services
        progress.advance(services - counted)
        counted = services
        progress.checkpoint({"after": part.last, "report": report.as_json()})
    answer = {"on_date": hypothesis.on_date.isoformat(), "report": report.as_json()}
    (progress.folder / STORED_NAME).write_text(json.dumps(answer), encoding="utf-8")
    progress.add_result(stored_name=STORED_NAME, name=_("what-if.json"))


def answer_of(job: Job) -> tuple[date, Report]:
    """The kept answer of a job that is done, and the first day that it is about."""
    for file in job.files.all():
        if file.stored_name == STORED_NAME:
            kept = json.loads(jobs.file_path(file).read_text(encoding="utf-8"))
            return date.fromisoformat(kept["on_date"]), Report.of_json(kept["report"])
    raise jobs.UnknownJobError()
