"""Every text for people is there in Ukrainian."""

from pathlib import Path

from project.core import translations

ROOT = Path(__file__).resolve().parents[3]


def test_every_message_has_a_ukrainian_translation():
    absent = [f"{m.file.relative_to(ROOT)}:{m.line} {m.text!r}" for m in translations.missing(ROOT)]
    assert absent == []


def test_no_translation_changes_the_placeholders():
    assert translations.broken(ROOT) == []


def test_messages_of_templates_are_found_as_django_reads_them(tmp_path):
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text(
        '{% translate "Zone" %}{% blocktranslate trimmed with n=count %}\n'
        "  {{ n }} buildings\n  at 100 %\n{% endblocktranslate %}",
        encoding="utf-8",
    )
    assert [m.text for m in translations.messages(tmp_path)] == [
        "Zone",
        "%(n)s buildings at 100 %%",
    ]
