"""Logins are kept as the database compares them; a file's passwords are in their place only."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coverage.addressfiles.tables import Table
from network.addressing import importcolumns, importfile
from network.identifiers import hex_of_typed
from network.logins import LOGIN_MAX, is_password, normalised_login

VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
TYPED = st.one_of(st.text(max_size=80), st.text(VISIBLE, max_size=80))


@given(TYPED)
def test_a_login_is_kept_once_and_for_all(text: str) -> None:
    login = normalised_login(text)
    assert normalised_login(login) == login
    assert normalised_login(f" {text} ") == login
    if login:
        assert len(login) <= LOGIN_MAX
        assert login.isascii()
        assert login.isprintable()
        assert not set(login) & {" ", "A", "Z"}
        assert login == text.strip(" \t\r\n").lower()


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TYPED)
def test_the_database_compares_it_as_we_keep_it(text: str) -> None:
    login = normalised_login(text)
    assume(login)
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(btrim(%s)), lower(%s)", [text.strip("\t\r\n"), login])
        told, kept = cursor.fetchone()
    assert kept == login
    assert told.strip() == login


@given(st.binary(max_size=253))
def test_octets_typed_as_hex_are_those_octets(octets: bytes) -> None:
    assert hex_of_typed(f"0x{octets.hex()}") == octets.hex()
    assert hex_of_typed(f"0x{octets.hex(' ').upper()}") == octets.hex()


HEADERS = ["login", "Договір", "service", "Password", "Пароль Wi-Fi", "mac", "примітка", "ip"]


@given(st.data())
def test_a_files_passwords_stand_in_their_field_only(data: st.DataObject) -> None:
    header = data.draw(st.lists(st.sampled_from(HEADERS), min_size=2, max_size=8, unique=True))
    assume({"login", "Договір", "service"} & {*header})
    assume({"Password", "Пароль Wi-Fi"} & {*header})
    assume({"Password", "mac", "ip"} & {*header})
    secret = st.text(VISIBLE, min_size=12, max_size=20)
    cells = [
        f"<<{data.draw(secret)}>>"
        if name in {"Password", "Пароль Wi-Fi"}
        else data.draw(st.text(max_size=5))
        for name in header
    ]
    shortened = cells[: data.draw(st.integers(0, len(cells)))]
    table = Table(kind="csv", header=header, header_row=1, rows=[(2, shortened)])
    columns = importcolumns.columns_of(header)
    (line,) = importfile.lines_of(table, columns)
    given_words = dict(zip(header, shortened, strict=False))
    assert line.password == given_words.get("Password", "")
    assert len(line.cells) == len(shortened)
    assert not any("<<" in one for one in line.cells)
    assert "<<" not in repr(line)
    assert not line.password or is_password(line.password)
