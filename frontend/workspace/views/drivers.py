"""Drivers of access servers: what is said to each kind, edited with a check, tried dry."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from frontend.workspace import params
from frontend.workspace.access_words import REASONS
from frontend.workspace.agreement_words import of_pools
from frontend.workspace.network_words import CAPABILITIES, KINDS, PROBLEMS, SECTIONS
from frontend.workspace.web import done, staff_page
from network import edited_drivers, live_queries, trials
from network.vendors import declarations
from network.vendors.driver import Driver
from network.vendors.places import OTHER_PLACES, SESSION_PLACES, SPEED_NAMES, SPEED_UNITS
from network.vendors.registry import SHIPPED, driver_for, drivers
from project.core import clock
from project.core.http import actor_of, may
from project.core.roles import Permission

TEXT_MAX = 20_000


@staff_page(Permission.NETWORK_VIEW)
def driver_list(request: HttpRequest) -> HttpResponse:
    """All drivers: as shipped, edited, or of one's own."""
    edited = edited_drivers.edited()
    in_use: dict[str, int] = {}
    for nas in live_queries.nas_list():
        if nas.retired_at is None:
            in_use[nas.vendor] = in_use.get(nas.vendor, 0) + 1
    rows = [
        {
            "driver": one,
            "is_edited": one.code in edited,
            "is_shipped": one.code in SHIPPED,
            "used": in_use.get(one.code, 0),
        }
        for one in drivers().values()
    ]
    return render(request, "workspace/drivers.html", {"rows": rows, "words": CAPABILITIES})


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def driver(request: HttpRequest, code: str) -> HttpResponse:
    """One driver as its lines; saving checks each of them."""
    source = drivers().get(code) or drivers().get(params.text_of(request.GET, "from", 24))
    if source is None:
        raise Http404
    texts = declarations.as_texts(source)
    problems: tuple[declarations.Problem, ...] = ()
    if request.method == "POST" and not may(request, Permission.NETWORK_EDIT):
        raise PermissionDenied
    if request.method == "POST":
        if request.POST.get("do") == "reset":
            edited_drivers.reset(code=code, at=clock.now(), actor=actor_of(request))
            return done(request, _("The driver is as it was shipped."), "workspace:drivers")
        texts = _typed(request)
        try:
            edited_drivers.save(code=code, told=texts, at=clock.now(), actor=actor_of(request))
        except edited_drivers.BadDriverError as error:
            problems = error.problems
        else:
            return done(request, _("The driver is saved and in use."), "workspace:driver", code)
    return _page(request, code, source=source, texts=texts, problems=problems)


def _typed(request: HttpRequest) -> dict[str, Any]:
    names = (*declarations.SECTIONS, *declarations.NAME_SECTIONS)
    told: dict[str, Any] = {
        name: request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "")[:TEXT_MAX]
        for name in names
    }
    return {
        **told,
        "title": params.text_of(request.POST, "title", 80),
        "coa_port": params.int_of(request.POST, "coa_port"),
        "message_authenticator": "message_authenticator" in request.POST,
        "capabilities": {name: f"can_{name}" in request.POST for name in CAPABILITIES},
    }


def _page(
    request: HttpRequest,
    code: str,
    *,
    source: Driver,
    texts: dict[str, Any],
    problems: tuple[declarations.Problem, ...],
) -> HttpResponse:
    sections = [
        {
            "name": name,
            "title": title,
            "help": help_text,
            "text": texts[name],
            "rows": max(len(texts[name].splitlines()) + 1, 2),
            "problems": [
                (one, PROBLEMS.get(one.code, one.code)) for one in problems if one.section == name
            ],
        }
        for name, (title, help_text) in SECTIONS.items()
    ]
    rest = [
        (one, PROBLEMS.get(one.code, one.code)) for one in problems if one.section not in SECTIONS
    ]
    context = {
        "code": code,
        "driver": source,
        "texts": texts,
        "sections": sections,
        "problems": rest,
        "has_problems": bool(problems),
        "flags": [
            (name, title, help_text, texts["capabilities"][name])
            for name, (title, help_text) in CAPABILITIES.items()
        ],
        "is_edited": code in edited_drivers.edited(),
        "is_shipped": code in SHIPPED,
        "places": {"speeds": SPEED_NAMES, "units": SPEED_UNITS, "others": OTHER_PLACES},
        "session_places": sorted(SESSION_PLACES),
    }
    return render(request, "workspace/driver.html", context, status=422 if problems else 200)


@staff_page(Permission.NETWORK_VIEW, Permission.CUSTOMERS_VIEW)
def dry_run(request: HttpRequest) -> HttpResponse:
    """What one subscriber would be told on one BRAS; nothing is sent."""
    text = params.text_of(request.GET, "q", 64)
    nas_id = params.int_of(request.GET, "nas")
    servers = live_queries.nas_list()
    chosen = next((one for one in servers if one.id == nas_id), None)
    code = params.choice_of(request.GET, "driver", drivers())
    speaks = driver_for(chosen) if chosen else drivers().get(code)
    found = None
    if text and speaks:
        found = trials.dry_run(text=text, driver=speaks, nas=chosen)
    told = (found.accept if found else None) or []
    context = {
        "text": text,
        "servers": servers,
        "chosen": chosen,
        "drivers": drivers().values(),
        "driver": speaks,
        "code": code,
        "found": found,
        "kind": KINDS.get(found.kind, "") if found else "",
        "accept": [(one, of_pools(one.pools) if one.pools else one.value) for one in told],
        "reason": REASONS.get(found.reason, found.reason) if found else "",
    }
    return render(request, "workspace/dry_run.html", context)
