"""Reports given out by a link: shared, read by its token, taken back. Each act is in the audit log.

The token is the report's random id with our signature, so that ids can't be tried; the row decides
whether it is still good.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import SharedReport
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

SALT = "coverage.shared_report"
DAYS = (7, 30, 90)
MAX_TITLE = 160


class BadReportError(DomainError):
    """The title or the time of a report can't be accepted; `field` names it."""

    code = "bad_report"


class UnknownReportError(NotFoundError):
    """No report has this token: it was made up, or cut off while it was copied."""

    code = "unknown_report"
    message = _("There is no such report. Perhaps the link was not copied whole.")


class ReportOverError(DomainError):
    """The link was good once, but its time is over or it was taken back."""

    code = "report_over"
    http_status = 410
    message = _("This link is no longer good. Ask those who sent it for a new one.")


def share_report(
    *,
    at: datetime,
    actor: Actor,
    kind: str,
    title: str,
    content: dict[str, Any],
    days: int,
    language: str,
) -> SharedReport:
    """Keep what the report shows and give it a link for so many days; raises BadReportError.

    The caller has generalised the content (`coverage.demand.privacy`).
    """
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE or not title.isprintable():
        raise BadReportError(_("Give the report a title of at most 160 characters."), field="title")
    if days not in DAYS:
        raise BadReportError(_("A link is good for 7, 30 or 90 days."), field="days")
    with transaction.atomic():
        report = SharedReport.objects.create(
            public_id=uuid.uuid4(),
            kind=kind,
            title=title,
            language="en" if language.startswith("en") else "uk",
            content=content,
            created_at=at,
            created_by_id=actor.user_id,
            expires_at=at + timedelta(days=days),
        )
        _note(report, at=at, actor=actor, verb="shared")
    return report


def revoke_report(*, report_id: int, at: datetime, actor: Actor) -> SharedReport:
    """Take the link back; again: nothing happens. Raises UnknownReportError."""
    with transaction.atomic():
        report = SharedReport.objects.select_for_update().filter(id=report_id).first()
        if report is None:
            raise UnknownReportError
        if report.revoked_at is None:
            report.revoked_at, report.revoked_by_id = at, actor.user_id
            report.save()
            _note(report, at=at, actor=actor, verb="revoked")
    return report


def demand_report(*, token: str, at: datetime) -> SharedReport:
    """The report of a link; raises UnknownReportError, ReportOverError."""
    try:
        public_id = uuid.UUID(_signer().unsign(token))
    except (BadSignature, ValueError) as error:
        raise UnknownReportError from error
    report = SharedReport.objects.filter(public_id=public_id).first()
    if report is None:
        raise UnknownReportError
    if report.revoked_at is not None or report.expires_at <= at:
        raise ReportOverError
    return report


def demand_reports(*, limit: int = 20) -> Sequence[SharedReport]:
    """The newest reports, without their content."""
    rows = SharedReport.objects.select_related("created_by").defer("content")
    return list(rows.order_by("-created_at", "-id")[: min(limit, 100)])


def token_of(report: SharedReport) -> str:
    """What stands in the link."""
    return _signer().sign(report.public_id.hex)


def _signer() -> Signer:
    return Signer(sep=".", salt=SALT)


def _note(report: SharedReport, *, at: datetime, actor: Actor, verb: str) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.report.{verb}",
        obj=("shared_report", report.id),
        summary=report.title,
        after={"kind": report.kind, "expires_at": report.expires_at.isoformat()},
    )
