"""Makers of zones, buildings and people for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.gis.geos import Point
from shapely.geometry import box

from coverage.models import AdminUnit, Building
from coverage.zoning import operations
from project.core.actor import Actor, ActorKind
from project.core.models import RoleAssignment, User
from project.core.roles import Role

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LON, LAT = 36.3, 50.0
STEP = 0.001  # about 71 m by 111 m at this latitude
_number = count(1)


def later(minutes: float) -> datetime:
    """AT and some minutes."""
    return AT + timedelta(minutes=minutes)


def square(x: float, y: float, width: float = 10, height: float = 10) -> Any:
    """A rectangle on the test grid, in steps."""
    return box(LON + x * STEP, LAT + y * STEP, LON + (x + width) * STEP, LAT + (y + height) * STEP)


def planner(name: str = "planner", role: Role = Role.PLANNER) -> User:
    """A member of staff with the role."""
    user = User.objects.create_user(f"{name}-{next(_number)}", password="secret-secret")
    RoleAssignment.objects.create(user=user, role=role.value)
    return user


def actor(user: User | None = None) -> Actor:
    """The actor of that person (or of the system)."""
    if user is None:
        return Actor(kind=ActorKind.SYSTEM, label="system")
    return Actor(kind=ActorKind.STAFF, label=user.username, user_id=user.id)


def locality() -> AdminUnit:
    """A city to put buildings in."""
    city = AdminUnit.objects.create(
        category=AdminUnit.Category.CITY,
        name="Харків",
        search_key="харків",
        path=f"/t{next(_number)}/",
        depth=0,
    )
    city.path = f"/{city.id}/"
    city.save(update_fields=["path"])
    return city


def building(x: float, y: float, city: AdminUnit | None = None) -> Building:
    """A building at a point of the test grid."""
    return Building.objects.create(
        locality=city or locality(),
        point=Point(LON + x * STEP, LAT + y * STEP, srid=4326),
        location_source=Building.LocationSource.SURVEYED,
    )


def drafted(who: Actor, shape: Any, **changes: Any) -> operations.SavedDraft:
    """A new zone's draft."""
    wanted: dict[str, Any] = {
        "name": "Зона",
        "network_type": "GPON",
        "status": "IN_SERVICE",
        "at": AT,
        **changes,
    }
    return operations.create_zone(actor=who, geometry=shape, **wanted)


def published(who: Actor, shape: Any, at: datetime = AT, **changes: Any) -> operations.SavedDraft:
    """A zone that is on the map since `at`; the revision is that of the publication."""
    draft = drafted(who, shape, at=at, **changes)
    operations.publish(changeset_id=draft.changeset_id, actor=who, at=at)
    return operations.SavedDraft(
        zone_id=draft.zone_id,
        change_id=draft.change_id,
        changeset_id=draft.changeset_id,
        revision=draft.revision + 1,
    )
