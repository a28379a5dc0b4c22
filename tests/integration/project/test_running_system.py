"""The processes of a running system start together and answer."""

import json
import urllib.error
import urllib.request

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def test_the_web_is_ready_and_sends_the_security_headers(stack: Stack) -> None:
    with urllib.request.urlopen(stack.url + "/readyz") as answer:
        assert json.load(answer) == {"ready": True}
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_radius_rest_group_knows_no_pages(stack: Stack) -> None:
    with urllib.request.urlopen(stack.radius_url + "/readyz") as answer:
        assert json.load(answer) == {"ready": True}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(stack.radius_url + "/api/v1/schema")
    assert refused.value.code == 404


def test_the_running_system_is_not_the_owner_of_its_tables(stack: Stack) -> None:
    with stack.connect() as connection:
        row = connection.execute("SELECT current_user").fetchone()
        assert row == ("geobill_app",)
        with pytest.raises(Exception, match=r"must be owner|permission denied"):
            connection.execute("DROP TABLE core_user")


def test_the_orm_of_a_test_and_the_system_share_one_database(stack: Stack) -> None:
    with stack.database():
        from project.core.models import User

        User.objects.create_user("stack-probe")
    with stack.connect() as connection:
        row = connection.execute("SELECT count(*) FROM core_user WHERE username = 'stack-probe'")
        assert row.fetchone() == (1,)
    with stack.database():
        User.objects.filter(username="stack-probe").delete()
