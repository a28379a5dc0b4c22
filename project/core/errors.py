"""The root of all errors that a person can do something about."""

from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule of the business refused the action, and nothing has been changed.

    `code` is stable and for machines; `message` is a sentence for people, lazily translated;
    `context` is JSON-able detail (the other rule, the place on the map, the present state).
    Subclasses stand beside the function that raises them and set `code`, `http_status`, `message`.
    """

    code = "error"
    http_status = 400
    message: Any = _("This cannot be done.")

    def __init__(self, message: Any = None, *, field: str = "", **context: Any) -> None:
        self.message = message if message is not None else type(self).message
        self.field = field
        self.context = context
        super().__init__(str(self.message))

    def __str__(self) -> str:
        return str(self.message)

    def as_json(self) -> dict[str, Any]:
        """What an API answers: {"error": {"code", "message", "field"?, "context"?}}."""
        error: dict[str, Any] = {"code": self.code, "message": str(self.message)}
        if self.field:
            error["field"] = self.field
        if self.context:
            error["context"] = self.context
        return {"error": error}


class NotPermittedError(DomainError):
    """The person has no permission for this action."""

    code = "not_permitted"
    http_status = 403
    message = _("You are not permitted to do this.")


class NotFoundError(DomainError):
    """There is no such thing, or the person may not know of it."""

    code = "not_found"
    http_status = 404
    message = _("There is nothing here by that name or number.")
