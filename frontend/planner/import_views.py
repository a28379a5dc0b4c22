"""Import of addresses: a file, its columns, a check, the import, the report, pins."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from coverage.addresses.streettypes import TYPES
from coverage.addressfiles import importing, pins, tableimport
from coverage.addressfiles import job as import_job
from coverage.addressfiles.contents import (
    MAX_FILE_BYTES,
    AddressFileError,
    AddressFileTooLargeError,
)
from coverage.addressfiles.importing import BadChoiceError
from coverage.addressfiles.tables import BadTableError
from coverage.importers.report import REASONS
from coverage.zoning import queries as zone_queries
from frontend.planner import import_words as words
from frontend.planner.import_form import choices_of
from frontend.workspace.queries.jobs import shown
from frontend.workspace.views.jobs import viewer_of
from frontend.workspace.web import staff_page
from project.core import clock, jobs
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.models import Job
from project.core.roles import Permission

MAY = (Permission.ZONES_VIEW, Permission.ZONES_EDIT)
MB = 1_000_000


@staff_page(*MAY, methods=("GET", "POST"))
def start(request: HttpRequest) -> HttpResponse:
    """Choose a file; it is kept as a draft of a job while its reading is chosen."""
    if request.method == "POST":
        return _upload(request)
    listed = jobs.listed(viewer=viewer_of(request), limit=200)
    recent = [shown(job) for job in listed if job.kind == import_job.KIND][:10]
    context = {
        "recent": recent,
        "waiting": pins.waiting().total,
        "most_mb": min(MAX_FILE_BYTES // MB, settings.GEOBILL_JOB_FILE_MAX_MB),
    }
    return render(request, "planner/import.html", context)


def _upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or file.file is None:
        raise AddressFileError(_("Choose a file."), field="file")
    if (file.size or 0) > MAX_FILE_BYTES:
        raise AddressFileTooLargeError
    job = jobs.draft(
        kind=import_job.KIND,
        actor=actor_of(request),
        at=clock.now(),
        title=(file.name or "")[:200],
        files=[jobs.JobInput(name=file.name or "file", content=file.file)],
    )
    return redirect("planner:import", job_id=job.id)


@staff_page(*MAY, methods=("GET", "POST"))
def one(request: HttpRequest, job_id: int) -> HttpResponse:
    """One import: the wizard of a draft (POST: the form has changed), progress, the report."""
    job = _job(request, job_id)
    if request.method == "POST":
        return _look(request, job)
    if job.state == Job.State.DRAFT:
        return render(request, "planner/import_wizard.html", _wizard(job, dict(job.params), []))
    if job.state == Job.State.DONE:
        jobs.mark_seen(job_id=job.id, actor=actor_of(request), at=clock.now())
        return render(request, "planner/import_report.html", _report(request, job))
    about = shown(job)
    context = {
        "job": job,
        "about": about,
        "left": about.left(clock.now()),
        "is_dry": bool(job.params.get("dry_run")),
    }
    return render(request, "planner/import_running.html", context)


def _job(request: HttpRequest, job_id: int) -> Job:
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    if job.kind != import_job.KIND:
        raise jobs.UnknownJobError
    return job


def _look(request: HttpRequest, job: Job) -> HttpResponse:
    """The form has changed: how the file is read now."""
    try:
        chosen = choices_of(request.POST, job.params)
    except DomainError as error:
        context = {**_wizard(job, dict(job.params), []), "error": error}
    else:
        context = _wizard(job, chosen.params, chosen.candidates)
    return render(request, "planner/import_choices.html", context)


def _wizard(job: Job, params: dict[str, Any], candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """What the wizard shows; the draft keeps the choices, so that a reload loses nothing."""
    found: dict[str, Any] = {}
    error: DomainError | None = None
    try:
        found = _looked_at(job, params)
    except DomainError as fault:
        error = fault
    if found:
        params["header"] = found.get("header", [])
        params["mapping"] = found.get("mapping")
        jobs.change_draft(job_id=job.id, params=params)
    chosen = {name: field for field, name in (params.get("mapping") or {}).items()}
    header = found.get("header", [])
    return {
        "job": job,
        "found": found,
        "error": error,
        "params": params,
        "candidates": candidates,
        "format_word": words.FORMATS.get(found.get("kind", "")),
        "is_table": found.get("kind") in importing.TABLES,
        "columns": [
            {"at": at, "name": name, "field": chosen.get(name, "")}
            for at, name in enumerate(header)
        ],
        "fields": words.FIELDS,
        "encodings": words.ENCODINGS,
        "delimiters": words.DELIMITERS,
        "outcomes": words.OUTCOMES,
        "street_types": list(TYPES)[:12],
    }


def _looked_at(job: Job, params: dict[str, Any]) -> dict[str, Any]:
    path = jobs.file_path(job.files.get(role="INPUT"))
    try:
        return importing.look_at(path=path, asked=import_job.asked_of(params))
    except BadTableError as error:
        if error.field != "mapping":
            raise
        # Another sheet or row has other columns: they are found out anew.
        return importing.look_at(path=path, asked=import_job.asked_of({**params, "mapping": None}))


@staff_page(*MAY, methods=("POST",))
def submit(request: HttpRequest, job_id: int) -> HttpResponse:
    """Check the file, or import it: the draft becomes a job."""
    job = _job(request, job_id)
    chosen = choices_of(request.POST, job.params)
    if chosen.candidates:
        context = _wizard(job, chosen.params, chosen.candidates)
        error = BadChoiceError(_("Say which settlement is meant."), field="locality")
        return render(request, "planner/import_wizard.html", {**context, "error": error})
    params = {**chosen.params, "dry_run": request.POST.get("do") != "import"}
    found = _looked_at(job, params)
    if found.get("header"):
        if not found["enough"]:
            raise tableimport.NoColumnsError
        params |= {"header": found["header"], "mapping": found["mapping"]}
        tableimport.save_mapping(
            header=found["header"], mapping=found["mapping"], at=clock.now(),
            user_id=viewer_of(request).id,
        )  # fmt: skip
    jobs.submit(job_id=job.id, actor=actor_of(request), at=clock.now(), params=params)
    return redirect("planner:import", job_id=job.id)


@staff_page(*MAY, methods=("POST",))
def again(request: HttpRequest, job_id: int) -> HttpResponse:
    """After a check: import the same file, or go back to the choices."""
    job = _job(request, job_id)
    file = job.files.get(role="INPUT")
    wanted: dict[str, Any] = {
        "kind": job.kind,
        "actor": actor_of(request),
        "at": clock.now(),
        "title": job.title,
    }
    params = {**job.params, "dry_run": False}
    if request.POST.get("swap_axes"):
        params["swap_axes"] = True
    with jobs.file_path(file).open("rb") as content:
        files = [jobs.JobInput(name=file.name, content=content)]
        make = jobs.start if request.POST.get("do") == "import" else jobs.draft
        new = make(**wanted, params=params, files=files)
    return redirect("planner:import", job_id=new.id)


def _report(request: HttpRequest, job: Job) -> dict[str, Any]:
    about = shown(job)
    summary = _summary(job)
    code = request.GET.get("code", "")
    remarks = sorted(
        summary["remarks"].items(),
        key=lambda each: (each[0] not in words.URGENT, -each[1], each[0]),
    )
    entries = [entry for entry in summary["entries"] if not code or entry["code"] == code]
    counts = summary["counts"]
    return {
        "job": job,
        "about": about,
        "summary": summary,
        "is_dry": summary["dry_run"],
        "tiles": [
            (tone, word, counts[name])
            for name, (tone, word) in words.COUNTS.items()
            if counts.get(name)
        ],
        "rows_read": counts.get("rows") or counts.get("features") or counts.get("outlines", 0),
        "remarks": [(each, REASONS.get(each, each), number) for each, number in remarks],
        "code": code if code in summary["remarks"] else "",
        "entries": [
            {**entry, "reason": REASONS.get(entry["code"], ""),
             "done": words.ACTIONS.get(entry["action"], entry["action"])}
            for entry in entries[: import_job.SHOWN_ENTRIES]
        ],
        "hidden": sum(n for each, n in remarks if not code or each == code)
        - min(len(entries), import_job.SHOWN_ENTRIES),
        "swapped": counts.get("axes seem swapped", 0) if not job.params.get("swap_axes") else 0,
        "waiting": counts.get("waiting for a pin", 0),
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }  # fmt: skip


def _summary(job: Job) -> dict[str, Any]:
    file = job.files.filter(role="RESULT").first()
    if file is None:
        raise jobs.UnknownJobError
    path = jobs.file_path(file).with_name(import_job.SUMMARY)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@staff_page(*MAY)
def waiting(request: HttpRequest) -> HttpResponse:
    """Addresses that wait for a pin, with the map to put it on."""
    reason = request.GET.get("reason", "")
    after = request.GET.get("after", "")
    page = pins.waiting(
        reason=reason if reason in REASONS else "",
        after_id=int(after) if after.isdecimal() and len(after) < 18 else 0,
    )
    context = {
        "page": page,
        "rows": [(row, REASONS.get(row.reason, ""), pins.suggested(row)) for row in page.rows],
        "reasons": [
            (code, REASONS[code], number)
            for code, number in sorted(page.counts.items(), key=lambda each: -each[1])
        ],
        "reason": reason,
        "bounds": json.dumps(zone_queries.extent()),
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }
    return render(request, "planner/import_pins.html", context)


@staff_page(*MAY, methods=("POST",))
def pin(request: HttpRequest, address_id: int) -> HttpResponse:
    """Put the pin (a building is made), or put the row aside."""
    if request.POST.get("do") == "aside":
        pins.put_aside(address_id=address_id, actor=actor_of(request), at=clock.now())
        messages.success(request, _("Put aside."))
        return redirect("planner:import-pins")
    try:
        lon, lat = float(request.POST.get("lon", "")), float(request.POST.get("lat", ""))
    except ValueError as error:
        raise pins.BadAddressError(_("Click the place on the map."), field="place") from error
    pins.pin(
        address_id=address_id,
        lon=lon,
        lat=lat,
        address=request.POST.get("address", ""),
        actor=actor_of(request),
        at=clock.now(),
        # The person has looked at the map and clicked the place: that is the confirmation.
        confirmed=True,
    )
    messages.success(request, _("The building is on the map."))
    return redirect("planner:import-pins")
