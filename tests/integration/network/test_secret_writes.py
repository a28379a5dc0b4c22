"""PostgreSQL logs the text of a statement that fails or is slow: no clear password is in it."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from network import credentials, operations
from network.addressing import importaccess
from network.addressing.importaccess import Access
from network.models import RadiusDecision
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db

# What the server got as the text of each statement that writes decisions, as its log would tell it.
WATCH = """
CREATE TABLE seen_statement (told text);
CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO seen_statement VALUES (current_query()); RETURN NULL; END $$;
CREATE TRIGGER note_statement AFTER INSERT OR UPDATE ON radius_decision
FOR EACH STATEMENT EXECUTE FUNCTION note_statement();
"""


def seen() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT told FROM seen_statement")
        return [row[0] for row in cursor.fetchall()]


def test_no_statement_has_a_clear_password_in_its_text() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
    sold = services.service()
    credentials.set_credentials(
        subscription_id=sold.id, login="ivan", password="Hidden-Pass1", at=AT, actor=SYSTEM
    )
    importaccess.write({sold.id: Access(password="Hidden-Pass2")}, at=AT)
    secrets = ["Hidden-Pass", RadiusDecision.objects.get(subscription=sold).password]
    secrets.append(operations.reset_password(subscription_id=sold.id, at=AT, actor=SYSTEM))
    written = [one for one in seen() if "password" in one]
    assert len(written) == 4, "sold, by hand, from a file, made anew"
    assert not [one for one in written if any(secret in one for secret in secrets)]


def test_a_login_that_is_taken_leaves_no_password_in_the_log() -> None:
    first, second = services.service(), services.service()
    log = Path(settings.VAR_DIR) / "logs/postgres.log"  # of the cluster of ./run
    length = log.stat().st_size if log.is_file() else 0
    with pytest.raises(credentials.LoginTakenError):
        credentials.set_credentials(
            subscription_id=first.id,
            login=services.login_of(second),
            password="Hidden-Pass3",
            at=AT,
            actor=SYSTEM,
        )
    change = Access(login=services.login_of(second), password="Hidden-Pass4")
    with pytest.raises(IntegrityError), transaction.atomic():
        importaccess.write({first.id: change}, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('log_parameter_max_length')")
        assert cursor.fetchone() == ("0",)
    if log.is_file():
        told = log.read_bytes()[length:]
        assert b"duplicate key" in told
        assert b"Hidden-Pass" not in told
