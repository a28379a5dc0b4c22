"""Pools of IP addresses: how full they are, who holds what, what is reserved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from frontend.workspace import params
from frontend.workspace.address_forms import PoolChangeForm, PoolForm, ReserveForm
from frontend.workspace.address_words import HOLDINGS
from frontend.workspace.queries import addresses as pages
from frontend.workspace.web import done, staff_page
from network.addressing import editing, utilisation
from network.models import IpPool, IpReserve
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may, raise_forbidden
from project.core.roles import Permission


def require_edit(request: HttpRequest) -> None:
    """Changing takes more than looking."""
    if not may(request, Permission.NETWORK_EDIT):
        raise_forbidden()


def pool_or_404(pool_id: int) -> IpPool:
    """The pool; raises NotFoundError."""
    if pool_id > params.BIGINT_MAX:
        raise NotFoundError
    return editing.pool_of(pool_id)


@staff_page(Permission.NETWORK_VIEW)
def pool_list(request: HttpRequest) -> HttpResponse:
    """All pools with how full they are; `view=place`: summed up by place; `q` finds an address."""
    at = clock.now()
    text = params.text_of(request.GET, "q", 60)
    lines = pages.pool_lines(at=at)
    if text:
        for line in lines:
            index = pages.index_of(line.use.pool, text)
            if index is not None:
                found = redirect("workspace:ip-pool", line.use.pool.id)
                found["Location"] += f"?block={index // pages.BLOCK}#u{index % pages.BLOCK}"
                return found
    by_place = request.GET.get("view") == "place"
    context = {
        "tab": "places" if by_place else "pools",
        "lines": lines,
        "places": utilisation.by_place(uses=[one.use for one in lines]) if by_place else [],
        "text": text,
        "not_found": bool(text),
    }
    return render(request, "workspace/addresses/pools.html", context)


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
def pool_new(request: HttpRequest) -> HttpResponse:
    """A new pool."""
    initial = {"hold_s": 120, "grace_min": 5, "rest_min": 60, "is_open": True, "kind": "IPV4"}
    form = PoolForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                pool = editing.make_pool(wish=form.wish(), at=clock.now(), actor=actor_of(request))
            except DomainError as error:
                form.add_domain_error(error)
                status = error.http_status
            else:
                return done(request, _("The pool is made."), "workspace:ip-pool", pool.id)
    context = {"form": form, "tab": "pools"}
    return render(request, "workspace/addresses/pool_new.html", context, status=status)


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def pool(request: HttpRequest, pool_id: int) -> HttpResponse:
    """One pool: numbers, blocks, the addresses of a block; POST changes or removes it."""
    at = clock.now()
    shown = pool_or_404(pool_id)
    form = PoolChangeForm(request.POST or None, initial=_values(shown))
    status = 200
    if request.method == "POST":
        require_edit(request)
        if "remove" in request.POST:
            editing.remove_pool(pool_id=pool_id, at=at, actor=actor_of(request))
            return done(request, _("The pool is removed."), "workspace:ip-pools")
        status = 422
        if form.is_valid():
            try:
                editing.change_pool(
                    pool_id=pool_id, wish=form.wish(), at=at, actor=actor_of(request)
                )
            except DomainError as error:
                form.add_domain_error(error)
                status = error.http_status
            else:
                return done(request, _("The pool is changed."), "workspace:ip-pool", pool_id)
    block = min(params.int_of(request.GET, "block") or 0, (shown.size - 1) // pages.BLOCK)
    units = pages.units(pool=shown, block=block, at=at)
    (use,) = utilisation.of_pools(pools=[shown], at=at)
    context = {
        "tab": "pools",
        "pool": shown,
        "use": use,
        "rules": pages.ordered_rules(pool_id=pool_id),
        "blocks": pages.blocks(pool=shown, block=block),
        "block": block,
        "units": units,
        "held": [unit for unit in units if unit.state != "FREE"],
        "holdings": HOLDINGS,
        "form": form,
        "reserves": IpReserve.objects.order_by("first"),
    }
    return render(request, "workspace/addresses/pool.html", context, status=status)


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def reserves(request: HttpRequest) -> HttpResponse:
    """Ranges that nobody is given; POST adds one, or takes one away."""
    at = clock.now()
    form = ReserveForm(request.POST or None)
    status = 200
    if request.method == "POST":
        require_edit(request)
        gone = params.int_of(request.POST, "remove")
        if gone:
            editing.unreserve(reserve_id=gone, at=at, actor=actor_of(request))
            return done(request, _("The range is given out again."), "workspace:ip-reserves")
        status = 422
        if form.is_valid():
            try:
                editing.reserve(
                    range_text=form.cleaned_data["range"],
                    note=form.cleaned_data["note"],
                    at=at,
                    actor=actor_of(request),
                )
            except DomainError as error:
                form.add_domain_error(error)
                status = error.http_status
            else:
                return done(request, _("The range is reserved."), "workspace:ip-reserves")
    context = {"tab": "reserves", "form": form, "rows": IpReserve.objects.order_by("first")}
    return render(request, "workspace/addresses/reserves.html", context, status=status)


def _values(shown: IpPool) -> dict[str, object]:
    return {
        "name": shown.name,
        "is_open": shown.is_open,
        "hold_s": shown.hold_s,
        "grace_min": shown.grace_s // 60,
        "rest_min": shown.quarantine_s // 60,
        "note": shown.note,
    }
