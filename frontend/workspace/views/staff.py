"""Members of staff: the administrator creates them, gives roles, lets them in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from frontend.workspace.forms import PasswordForm, RolesForm, StaffForm
from frontend.workspace.labels import ROLE_HELP, ROLE_LABELS
from frontend.workspace.web import done, staff_page
from project.core import audit, clock, staff
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission, Role

ROLE_CHOICES = [(role.value, ROLE_LABELS[role], ROLE_HELP[role]) for role in Role]


@staff_page(Permission.STAFF_MANAGE)
def staff_list(request: HttpRequest) -> HttpResponse:
    """Everybody with their roles."""
    return render(request, "workspace/staff.html", {"people": staff.people()})


@staff_page(Permission.STAFF_MANAGE, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """A new member of staff."""
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = staff.create(
                at=clock.now(),
                actor=actor_of(request),
                username=data["username"],
                password=data["password"],
                first_name=data["first_name"],
                last_name=data["last_name"],
                email=data["email"],
                roles=[Role(role) for role in data["roles"]],
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            name = user.get_full_name() or user.username
            return done(request, _("%(name)s can sign in now.") % {"name": name}, "workspace:staff")
    status = 422 if form.errors else 200
    context = {"form": form, "role_choices": ROLE_CHOICES, "chosen": _chosen(form)}
    return render(request, "workspace/staff_new.html", context, status=status)


def _chosen(form: StaffForm) -> list[str]:
    return list(form["roles"].value() or [])


@staff_page(Permission.STAFF_MANAGE, methods=("GET", "POST"))
def edit(request: HttpRequest, user_id: int) -> HttpResponse:
    """One member of staff: roles, a new password, in or out."""
    person = staff.person(user_id=user_id)
    error: object = ""
    if request.method == "POST":
        try:
            return _change(request, user_id)
        except DomainError as refused:
            error = refused.message
    context = {
        "person": person,
        "role_choices": ROLE_CHOICES,
        "chosen": [row.role for row in person.role_assignments.all()],
        "error": error,
        "history": audit.entries(
            wanted=audit.AuditFilter(object_type="staff", object_id=str(user_id)), limit=10
        ),
    }
    return render(request, "workspace/staff_edit.html", context, status=409 if error else 200)


def _change(request: HttpRequest, user_id: int) -> HttpResponse:
    at, actor = clock.now(), actor_of(request)
    what = request.POST.get("do", "")
    if what == "roles":
        form = RolesForm(request.POST)
        if form.is_valid():
            roles = [Role(role) for role in form.cleaned_data["roles"]]
            staff.set_roles(at=at, actor=actor, user_id=user_id, roles=roles)
            return done(request, _("The roles are saved."), "workspace:staff-edit", user_id)
    elif what in {"activate", "deactivate"}:
        staff.set_active(at=at, actor=actor, user_id=user_id, is_active=what == "activate")
        text = _("This person can sign in.") if what == "activate" else _("The account is closed.")
        return done(request, text, "workspace:staff-edit", user_id)
    elif what == "password":
        password = PasswordForm(request.POST)
        if not password.is_valid():
            raise staff.BadStaffFieldError(_("Write a password."), field="password")
        staff.set_password(
            at=at, actor=actor, user_id=user_id, password=password.cleaned_data["password"]
        )
        return done(request, _("The password is changed."), "workspace:staff-edit", user_id)
    return redirect("workspace:staff-edit", user_id)
