"""Rules about models that no import checker sees: string foreign keys, kinds of fields, names."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from project.core.models import User

RANK = {"core": 0, "coverage": 1, "billing": 2, "crm": 3, "network": 3}
BILLING_RANK = {
    "ledger": 0,
    "tariffs": 1,
    "subscriptions": 2,
    "charging": 3,
    "payments": 3,
    "bookkeeping": 4,
}
OURS = frozenset(RANK)


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def relations() -> Iterator[tuple[type[models.Model], str, type[models.Model]]]:
    """Every foreign key and many-to-many of ours: model, field, and what it points at."""
    for model in our_models():
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            target = field.related_model
            if isinstance(target, type) and issubclass(target, models.Model):
                yield model, field.name, target


def billing_part(model: type[models.Model]) -> str:
    return model.__module__.split(".")[1]


def test_the_models_of_all_apps_are_seen() -> None:
    assert {model._meta.app_label for model in our_models()} == OURS
    assert User in our_models()


def test_foreign_keys_point_down_or_stay_in_their_app() -> None:
    wrong = []
    for model, field, target in relations():
        here, there = model._meta.app_label, target._meta.app_label
        if there in OURS and here != there and RANK[there] >= RANK[here]:
            wrong.append(f"{model.__name__}.{field} -> {target._meta.label}")
    assert not wrong


def test_foreign_keys_inside_billing_follow_its_parts() -> None:
    wrong = []
    for model, field, target in relations():
        if model._meta.app_label != "billing" or target._meta.app_label != "billing":
            continue
        here, there = billing_part(model), billing_part(target)
        if here != there and BILLING_RANK[there] >= BILLING_RANK[here]:
            wrong.append(f"{model.__name__}.{field} -> {target.__name__}")
    assert not wrong


@pytest.mark.parametrize("app", ["billing", "crm", "network", "coverage"])
def test_money_is_whole_kopecks(app: str) -> None:
    """No field of money is a float or a decimal: both invite rounding where there must be none."""
    words = ("price", "amount", "sum", "balance", "cost", "fee", "money", "kopecks")
    wrong = []
    for model in our_models():
        if model._meta.app_label != app:
            continue
        for field in model._meta.local_fields:
            if any(word in field.name.split("_") for word in words) and isinstance(
                field, models.FloatField | models.DecimalField
            ):
                wrong.append(f"{model.__name__}.{field.name}")
    assert not wrong


def test_no_model_orders_itself() -> None:
    """An ordering in Meta hides an ORDER BY in every query, the set-based ones included."""
    own = [model for model in our_models() if model.__module__.split(".")[0] in OURS | {"project"}]
    assert [model.__name__ for model in own if model._meta.ordering] == []


def test_every_model_says_what_it_is_in_the_world() -> None:
    """Django gives a model without a docstring one made of its fields: `Name(id, …)`."""
    silent = [
        model.__name__
        for model in our_models()
        if not model.__doc__ or model.__doc__.startswith(f"{model.__name__}(")
    ]
    assert silent == []


def test_constraints_are_named_after_their_table() -> None:
    """`<table>_<rule>`: a refused row then names the table and the rule in the log."""
    wrong = [
        f"{model._meta.db_table}: {constraint.name}"
        for model in our_models()
        for constraint in model._meta.constraints
        if not constraint.name.startswith((model._meta.db_table, f"{model._meta.app_label}_"))
    ]
    assert wrong == []
