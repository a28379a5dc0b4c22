"""Members of staff who sign in to a running system."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from project.core.models import User
from project.core.roles import Role
from tests.support import zones

PASSWORD = "secret-secret"


def who_signs_in(name: str, role: Role) -> User:
    """A member of staff whose password the running system knows.

    The tests' own hasher is fast and weak; the running system would not know it.
    """
    person = zones.planner(name, role)
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    person.save()
    return person
