"""What staff do to a sold service: the effect is shown first, then it is done; rules elsewhere."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.charging import promises
from billing.models import Subscription
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.queries import ServiceRow
from frontend.workspace import params
from frontend.workspace.actions import ACTIONS, STAFF_REASONS, Action
from frontend.workspace.forms import ActionForm
from frontend.workspace.queries import effects, holders
from frontend.workspace.web import done, staff_page
from network import operations as network
from network import queries as network_queries
from network import session_operations
from project.core import clock
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may, raise_forbidden
from project.core.roles import Permission

NOW, TOMORROW, LATER = "now", "tomorrow", "later"
WHENS = [(TOMORROW, _("from tomorrow")), (NOW, _("at once")), (LATER, _("on a day"))]


# action, field that it can't do without, what to say when it is empty
NEEDED = (
    ("change-tariff", "from_date", _("Choose the first day of the new tariff.")),
    ("promise", "amount", _("How much does the client promise?")),
    ("boost", "tariff_id", _("Choose an add-on.")),
    ("boost", "days", _("For how many days?")),
)


class ServiceActionForm(ActionForm):
    """What is asked before an action; which fields are shown depends on it."""

    when = forms.ChoiceField(choices=WHENS, required=False)

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.action = action

    def clean_typed_word(self) -> str:
        """What cannot be undone needs its word typed."""
        typed: str = self.cleaned_data["typed_word"].strip().casefold()
        if self.action.word and typed != str(self.action.word).casefold():
            raise forms.ValidationError(
                _("Type the word “%(word)s” to confirm.") % {"word": self.action.word}
            )
        return typed

    def clean(self) -> dict[str, Any]:
        """An action whose whole point is a field needs it."""
        data = super().clean() or self.cleaned_data
        if self.action.slug == "change-tariff" and not data.get("tariff_id"):
            self.add_error("tariff_id", _("Choose a tariff."))
        for slug, name, message in NEEDED:
            is_asked = slug != "change-tariff" or data.get("when") == LATER
            is_empty = not data.get(name) and name not in self.errors
            if self.action.slug == slug and is_asked and is_empty:
                self.add_error(name, message)
        if self.action.slug == "pause" and not data.get("from_date"):
            self.add_error("from_date", _("Choose the first day of the pause."))
        return data


@staff_page(Permission.CUSTOMERS_VIEW, methods=("GET", "POST"))
def act(request: HttpRequest, subscription_id: int, action: str) -> HttpResponse:
    """GET shows the form with the effect (alone for htmx), POST does it."""
    wanted = ACTIONS.get(action)
    if wanted is None:
        raise NotFoundError
    if not wanted.permitted(lambda permission: may(request, permission)):
        raise_forbidden()
    service = holders.service_of(subscription_id=subscription_id)
    at = clock.now()
    if request.method != "POST":
        form = ServiceActionForm(_first_values(request, service, wanted, at), action=wanted)
        form.is_valid()
        form.errors.pop("typed_word", None)
        return _page(request, service, form, at=at)
    form = ServiceActionForm(request.POST, action=wanted)
    if form.is_valid():
        try:
            _perform(service, form, at=at, on_date=clock.today(at), actor=actor_of(request))
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, wanted.said, "workspace:customer", _customer_id(service))
    return _page(request, service, form, at=at, status=422)


def _customer_id(service: Subscription) -> int:
    return int(service.account.customer_link.customer_id)


def _first_values(
    request: HttpRequest, service: Subscription, action: Action, at: datetime
) -> QueryDict:
    """What was chosen so far; a pause begins on the first day that is not charged yet."""
    values = request.GET.copy()
    values.setdefault("when", TOMORROW)
    if action.slug == "pause" and not values.get("from_date"):
        today = clock.today(at)
        values["from_date"] = max(service.charge_state.charged_until or today, today).isoformat()
    return values


def _perform(
    service: Subscription, form: ServiceActionForm, *, at: datetime, on_date: date, actor: Actor
) -> object:
    """Do the action; raises what its operation raises."""
    data = form.cleaned_data
    comment = data.get("comment", "")
    who: dict[str, Any] = {"at": at, "actor": actor, "subscription_id": service.id}
    dated: dict[str, Any] = {**who, "on_date": on_date}
    by_slug: dict[str, Callable[[], object]] = {
        "block": lambda: subscriptions.block(**who, reason="ADMIN", comment=comment),
        "unblock": lambda: [
            subscriptions.unblock(**who, reason=reason, comment=comment) for reason in STAFF_REASONS
        ],
        "pause": lambda: subscriptions.pause(
            **dated, from_date=data["from_date"], until_date=data["until_date"]
        ),
        "resume": lambda: subscriptions.resume(**dated),
        "cancel-pause": lambda: subscriptions.cancel_pause(**dated),
        "change-tariff": lambda: subscriptions.change_plan(
            **dated,
            tariff_id=data["tariff_id"],
            is_immediate=data["when"] == NOW,
            from_date=data["from_date"] if data["when"] == LATER else None,
        ),
        "cancel-change": lambda: subscriptions.cancel_plan_change(**dated),
        "promise": lambda: promises.promise(
            at=at,
            on_date=on_date,
            actor=actor,
            account_id=service.account_id,
            amount_kopecks=data["amount"],
        ),
        "boost": lambda: subscriptions.add_for_days(
            at=at,
            on_date=on_date,
            actor=actor,
            parent_id=service.id,
            tariff_id=data["tariff_id"],
            days=data["days"],
        ),
        "terminate": lambda: subscriptions.terminate(**dated, reason=comment),
        "reset-password": lambda: network.reset_password(**who),
        "disconnect": lambda: _disconnect(service, at=at, actor=actor),
    }
    return by_slug[form.action.slug]()


def _disconnect(service: Subscription, *, at: datetime, actor: Actor) -> list[int]:
    opened = [
        one
        for one in network_queries.sessions_of(subscription_ids=[service.id], limit=50)
        if one.stopped_at is None
    ]
    if not opened:
        raise session_operations.SessionEndedError
    return [
        session_operations.disconnect_session(unique_id=one.unique_id, at=at, actor=actor)
        for one in opened
    ]


def _page(
    request: HttpRequest,
    service: Subscription,
    form: ServiceActionForm,
    *,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    on_date = clock.today(at)
    row = effects.row_of(service=service, on_date=on_date)
    choices = _choices(service, row, form, on_date)
    tariff_id = params.as_key(str(form["tariff_id"].value() or ""))
    context = {
        "form": form,
        "action": form.action,
        "service": service,
        "row": row,
        "customer": service.account.customer_link.customer,
        "choices": choices,
        "chosen": next((one for one in choices if one.tariff.id == tariff_id), None),
        "effect": _effect(service, form, at=at, on_date=on_date, actor=actor_of(request)),
        "whens": WHENS,
        "tariff_id": tariff_id,
    }
    target = request.headers.get("HX-Target", "")
    template = {
        "ws-effect": "workspace/partials/action_effect.html",
        "ws-act": "workspace/partials/action_form.html",
    }.get(target, "workspace/service_action.html")
    return render(request, template, context, status=status)


def _choices(
    service: Subscription, row: ServiceRow, form: ServiceActionForm, on_date: date
) -> list[effects.Choice]:
    if form.action.slug == "boost":
        return effects.boost_choices(service=service, row=row, on_date=on_date)
    if form.action.slug != "change-tariff":
        return []
    first_day = on_date if form["when"].value() == NOW else on_date + ONE_DAY
    if form["when"].value() == LATER:
        first_day = form.cleaned_data.get("from_date") or first_day
    return effects.tariff_choices(service=service, row=row, on_date=first_day)


def _effect(
    service: Subscription, form: ServiceActionForm, *, at: datetime, on_date: date, actor: Actor
) -> effects.Effect | None:
    """What would happen; None when it changes neither money nor access, or is not filled in."""
    asked = {"tariff_id", "from_date", "until_date", "when", "amount", "days"}
    if not form.action.has_effect or asked & set(form.errors):
        return None
    return effects.effect_of(
        service=service,
        do=lambda: _perform(service, form, at=at, on_date=on_date, actor=actor),
        on_date=on_date,
    )
