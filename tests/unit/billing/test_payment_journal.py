"""What the journal of messages must not hold, however it is written on the wire."""

import json
from urllib.parse import quote, quote_plus

import pytest

from billing.payments import journal

SECRET = 'p"ä&s<s/w 0rd'
XML = '<Request><pay login="isp" password="{0}" sum="1.00"/></Request>'


@pytest.mark.parametrize(
    "text",
    [
        "<a><password>hidden-word</password></a>",
        "<a><ns:Password type='x'>hidden-word</ns:Password></a>",
        "<a><password><![CDATA[hidden-word]]></password></a>",
        "<pay login='isp' password='hidden-word'/>",
        '<pay password = "hidden-word" sum="1"/>',
        '<Unit name="api_key" value="hidden-word"/>',
        '{"secretKey": "x", "merchant_password": "hidden-word"}'.replace('"secretKey": "x", ', ""),
        '{"cvv": 1234567890123, "token":"hid\\"den-word"}'.replace('hid\\"den', 'x\\"hidden'),
        "login=isp&password=hidden-word&sum=1",
        "https://pay.example/?id=1&token=hidden-word",
        "data=" + quote_plus(XML.format("hidden-word")),
        "data=" + quote(XML.format("hidden-word"), safe="").lower(),
        "a=1&xml=" + quote_plus("<r><password>hidden-word</password></r>") + "&b=2",
        "payment=" + quote_plus("amt=1&password=hidden-word&ref=7") + "&signature=0",
        "j=" + quote_plus('{"password":"hidden-word"}'),
    ],
)
def test_what_is_a_secret_by_its_name_is_hidden(text: str) -> None:
    hidden = journal.masked(text, ())
    assert "hidden" not in hidden
    assert journal.MASK in hidden


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        "data=" + quote_plus(f"<x>{SECRET}</x>"),
        SECRET.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;"),
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(written: str) -> None:
    hidden = journal.masked(written, (SECRET,))
    assert journal.MASK in hidden
    for rest in ("0rd", "p%22", "p&quot;", 'p\\"'):
        assert rest not in hidden


def test_what_is_no_secret_stays_as_it_was_to_the_byte() -> None:
    for text in (
        "data=%3CREQUESTS%3E%3CPAYEE%3E20001%3C%2FPAYEE%3E%3C%2FREQUESTS%3E&x=a%20b",
        '<a tokens="2"><passport>МН 123456</passport><Compass>N</Compass></a>',
        '{"passengers":"2","pinned":true,"amount":125.5}',
        "?account=100500&compass=1&sum=1.00",
    ):
        assert journal.masked(text, ("secret-word",)) == text


def test_a_card_number_is_hidden_inside_a_field_too() -> None:
    body = "data=" + quote_plus("<card>4111111111111111</card>")
    assert "4111111111111111" not in journal.masked(body, ())


@pytest.mark.parametrize(
    "piece", ["<password ", 'password="', "<token><![CDATA[", "%3Ca%3D", "a=%25", "&%3D%253D"]
)
def test_a_hostile_body_is_read_to_its_end(piece: str) -> None:
    body = piece * (40_000 // len(piece)) + "&password=hidden-word"
    assert "hidden-word" not in journal.masked(body, ("secret-word",))
