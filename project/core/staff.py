"""Staff accounts: created, given roles, deactivated. A member of staff is never deleted, because
the audit log and the history of zones, requests and payments refer to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError
from project.core.models import RoleAssignment, User
from project.core.roles import Role


class BadStaffFieldError(DomainError):
    """A field of the form can't be accepted; `field` names it."""

    code = "bad_field"


class LastAdministratorError(DomainError):
    """Somebody must remain who can give roles."""

    code = "last_administrator"
    http_status = 409
    message = _("This is the last active administrator. Give the role to somebody else first.")


class OwnAccountError(DomainError):
    """A person cannot lock themselves out."""

    code = "own_account"
    http_status = 409
    message = _("You cannot deactivate your own account.")


def people() -> Sequence[User]:
    """All members of staff, active first, then by name; with their roles."""
    return list(
        User.objects.prefetch_related("role_assignments").order_by(
            "-is_active", "last_name", "first_name", "username"
        )
    )


def person(*, user_id: int) -> User:
    """One member of staff; raises NotFoundError."""
    found = User.objects.prefetch_related("role_assignments").filter(id=user_id).first()
    if found is None:
        raise NotFoundError
    return found


def create(
    *,
    at: datetime,
    actor: Actor,
    username: str,
    password: str,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    roles: Collection[Role] = (),
) -> User:
    """Create a member of staff who may sign in at once; raises BadStaffFieldError."""
    username = User.normalize_username(username.strip())
    user = User(
        username=username, first_name=first_name, last_name=last_name, email=email, date_joined=at
    )
    _check_username(username)
    _check_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            _assign(user, roles)
            _note(
                user,
                at=at,
                actor=actor,
                verb="created",
                after={"username": username, "roles": sorted(roles)},
            )
    except IntegrityError as error:
        raise BadStaffFieldError(_("This user name is taken."), field="username") from error
    return user


def set_roles(*, at: datetime, actor: Actor, user_id: int, roles: Collection[Role]) -> User:
    """Give a person exactly these roles, everywhere."""
    with transaction.atomic():
        user = _locked(user_id)
        before = sorted(row.role for row in user.role_assignments.all())
        if Role.ADMINISTRATOR in before and Role.ADMINISTRATOR not in roles:
            _keep_an_administrator(user)
        _assign(user, roles)
        _note(
            user,
            at=at,
            actor=actor,
            verb="roles_changed",
            before={"roles": before},
            after={"roles": sorted(roles)},
        )
    return user


def set_active(*, at: datetime, actor: Actor, user_id: int, is_active: bool) -> User:
    """Let a person in or keep them out; their open sessions end with the next click."""
    if actor.user_id == user_id and not is_active:
        raise OwnAccountError
    with transaction.atomic():
        user = _locked(user_id)
        if user.is_active == is_active:
            return user
        if not is_active:
            _keep_an_administrator(user)
        user.is_active = is_active
        user.save(update_fields=["is_active"])
        _note(
            user,
            at=at,
            actor=actor,
            verb="activated" if is_active else "deactivated",
            before={"is_active": not is_active},
            after={"is_active": is_active},
        )
    return user


def set_password(*, at: datetime, actor: Actor, user_id: int, password: str) -> User:
    """Give a person a new password; their other sessions end."""
    with transaction.atomic():
        user = _locked(user_id)
        _check_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        _note(user, at=at, actor=actor, verb="password_changed")
    return user


def _locked(user_id: int) -> User:
    # All rows in one order: two administrators who deactivate each other must not both succeed.
    locked = {u.id: u for u in User.objects.select_for_update().order_by("id")}
    if user_id not in locked:
        raise NotFoundError
    return locked[user_id]


def _keep_an_administrator(user: User) -> None:
    is_one = user.is_superuser or Role.ADMINISTRATOR in user.roles()
    others = User.objects.filter(is_active=True).exclude(id=user.id)
    remaining = (
        others.filter(is_superuser=True).exists()
        or others.filter(role_assignments__role=Role.ADMINISTRATOR).exists()
    )
    if is_one and not remaining:
        raise LastAdministratorError


def _assign(user: User, roles: Collection[Role]) -> None:
    user.role_assignments.filter(locality_code="").exclude(role__in=list(roles)).delete()
    for role in sorted(roles):
        RoleAssignment.objects.get_or_create(user=user, role=role, locality_code="")


def _check_username(username: str) -> None:
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise BadStaffFieldError(
            _("Letters, digits and @ . + - _ only."), field="username"
        ) from error
    if not username or len(username) > 150 or "\x00" in username:
        raise BadStaffFieldError(_("Write a user name."), field="username")
    if User.objects.filter(username__iexact=username).exists():
        raise BadStaffFieldError(_("This user name is taken."), field="username")


def _check_password(password: str, user: User) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise BadStaffFieldError(" ".join(error.messages), field="password") from error


def _note(
    user: User,
    *,
    at: datetime,
    actor: Actor,
    verb: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"core.staff.{verb}",
        obj=("staff", user.id),
        summary=user.get_full_name() or user.username,
        before=before,
        after=after,
    )
