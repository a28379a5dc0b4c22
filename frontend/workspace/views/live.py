"""What is asked of BRASes: the queue with its dead letters, and the drift board."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coverage import queries as coverage_queries
from frontend.workspace import params
from frontend.workspace.network_words import CAUSES, DRIFT, ERROR_CAUSES, KINDS, NOBODY
from frontend.workspace.paging import PAGE_SIZE, KeyPage, key_page
from frontend.workspace.queries import live
from frontend.workspace.web import back, staff_page
from network import drift as board
from network import live_queries, session_operations
from project.core import clock
from project.core.http import actor_of
from project.core.roles import Permission

TABS: dict[str, tuple[str, ...]] = {
    "dead": live_queries.TO_LOOK_AT,
    "work": live_queries.IN_WORK,
    "nak": ("NAK",),
    "done": ("ACKNOWLEDGED", "VERIFIED"),
}
WORDS = {"kinds": KINDS, "causes": CAUSES, "drift": DRIFT, "errors": ERROR_CAUSES}


@staff_page(Permission.NETWORK_VIEW)
def action_list(request: HttpRequest) -> HttpResponse:
    """The queue of wishes, the dead letters first of all."""
    tab = params.choice_of(request.GET, "tab", TABS)
    before = params.int_of(request.GET, "before")
    nas_id = params.int_of(request.GET, "nas")
    at = clock.now()
    rows = live_queries.actions(
        states=TABS.get(tab, ()), nas_id=nas_id, before=before, limit=PAGE_SIZE + 1
    )
    counts = live_queries.action_counts(since=at - timedelta(days=1))
    page = key_page(rows, before=before)
    context = {
        "page": page,
        "rows": live.with_holders(list(page.rows)),
        "tab": tab,
        "tabs": {name: sum(counts.get(one, 0) for one in states) for name, states in TABS.items()},
        "nas_id": nas_id,
        "servers": live_queries.servers(),
        "words": WORDS,
    }
    return render(request, "workspace/actions.html", context)


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("POST",))
def decide(request: HttpRequest, action_id: int) -> HttpResponse:
    """A dead letter: once more, or leave it."""
    at, actor = clock.now(), actor_of(request)
    if request.POST.get("do") == "retry":
        session_operations.retry_action(action_id=action_id, at=at, actor=actor)
        text = _("It is asked once more.")
    else:
        session_operations.give_up_action(action_id=action_id, at=at, actor=actor)
        text = _("It is off the list.")
    return back(request, text)


@staff_page(Permission.NETWORK_VIEW)
def drift(request: HttpRequest) -> HttpResponse:
    """Sessions that do not have what they should, those that do, and sessions of nobody."""
    reason = params.choice_of(request.GET, "reason", board.REASONS)
    nas_id = params.int_of(request.GET, "nas")
    before = params.int_of(request.GET, "before")
    at = clock.now()
    counts = board.counts(nas_id=nas_id)
    nobody = board.nobody_counts(at=at, nas_id=nas_id)
    context = {
        "reason": reason,
        "reasons": [(one, DRIFT[one], counts[one]) for one in DRIFT if counts.get(one)],
        "total": sum(counts.values()),
        "nobody": sum(nobody.values()),
        "alarming": sum(nobody.get(one, 0) for one in board.NOT_AS_ANY_RULE),
        "nas_id": nas_id,
        "servers": live_queries.servers(),
        "words": WORDS,
    }
    if request.GET.get("of") == "nobody":
        kind = params.choice_of(request.GET, "kind", board.NOBODY_KINDS)
        found = board.nobody(at=at, kind=kind, nas_id=nas_id, before=before, limit=PAGE_SIZE + 1)
        strangers = key_page(found, before=before)
        labels = coverage_queries.address_labels(
            building_ids=[one.building_id for one in strangers if one.building_id]
        )
        context |= {
            "page": strangers,
            "rows": [(one, labels.get(one.building_id or 0, "")) for one in strangers],
            "kind": kind,
            "kinds": [(one, NOBODY[one], nobody.get(one, 0)) for one in NOBODY],
            "at": at,
        }
        return render(request, "workspace/drift_nobody.html", context)
    if request.GET.get("of") == "agreed":
        agreed, further = board.agreed(nas_id=nas_id, before=before, limit=PAGE_SIZE)
        context |= {
            "page": KeyPage(agreed, next_before=further, is_first=before is None),
            "rows": live.with_holders(agreed),
        }
        return render(request, "workspace/drift_agreed.html", context)
    rows = board.drift(reason=reason, nas_id=nas_id, before=before, limit=PAGE_SIZE + 1)
    page = key_page(rows, before=before)
    context |= {
        "page": page,
        "rows": live.with_holders(list(page.rows)),
        "mendable": sum(
            number
            for one, number in counts.items()
            if one not in board.NOT_TO_MEND and reason in {"", one}
        ),
    }
    return render(request, "workspace/drift.html", context)


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("POST",))
def mend(request: HttpRequest) -> HttpResponse:
    """Ask again: one session, or all of the shown reason."""
    at, actor = clock.now(), actor_of(request)
    one = params.text_of(request.POST, "session", 64)
    reason = params.choice_of(request.POST, "reason", board.REASONS)
    chosen = (
        [one]
        if one
        else board.drifting(
            reason=reason,
            nas_id=params.int_of(request.POST, "nas"),
            limit=session_operations.MEND_MAX,
        )
    )
    number = session_operations.mend(sessions=chosen, at=at, actor=actor)
    text = ngettext("%(n)s session is asked.", "%(n)s sessions are asked.", number)
    return back(request, text % {"n": number}, to="workspace:drift")


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("POST",))
def session_action(request: HttpRequest) -> HttpResponse:
    """End one session, or decide anew what it shall have and say it."""
    at, actor = clock.now(), actor_of(request)
    unique_id = params.text_of(request.POST, "session", 64)
    if request.POST.get("do") == "disconnect":
        session_operations.disconnect_session(unique_id=unique_id, at=at, actor=actor)
        text = _("The BRAS is asked to end the session.")
    else:
        session_operations.reauthorize_session(unique_id=unique_id, at=at, actor=actor)
        text = _("The session is decided anew, and the BRAS is told.")
    return back(request, text, to="workspace:sessions")
