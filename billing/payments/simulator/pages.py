"""How the pages of the played payment systems look: plain, Ukrainian, of no one's brand."""

import html
from collections.abc import Mapping

STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;background:#eef1f4;color:#17212b;font:16px/1.5 system-ui,"DejaVu Sans",sans-serif}
.sim{background:#17212b;color:#fff;padding:10px 16px;font-size:14px;text-align:center}
main{max-width:480px;margin:32px auto;padding:0 16px}main.wide{max-width:920px}
.card{background:#fff;border:1px solid #d5dbe1;border-radius:12px;padding:24px}
h1{margin:0 0 4px;font-size:28px}p{margin:8px 0}.who{color:#55626f;margin:0 0 8px}
form{margin:12px 0 0}label{display:block;font-size:14px;color:#55626f}
input{width:100%;font:inherit;padding:10px 12px;border:1px solid #8a96a3;border-radius:8px}
button,.go{display:block;width:100%;font:inherit;padding:11px 16px;border:1px solid #8a96a3;
border-radius:8px;background:#fff;color:#17212b;cursor:pointer;text-align:center;text-decoration:none}
button:hover,.go:hover{background:#f3f5f7}button.main{background:#0b6b3a;border-color:#0b6b3a;color:#fff}
button.main:hover{background:#095a31}:focus-visible{outline:3px solid #1f6feb;outline-offset:2px}
hr{border:0;border-top:1px solid #d5dbe1;margin:20px 0 8px}small{color:#55626f}
table{width:100%;border-collapse:collapse}th{text-align:left;font-size:14px;color:#55626f}
td,th{padding:8px;border-top:1px solid #d5dbe1;vertical-align:top}td form{margin:0 0 6px;
display:flex;gap:6px}td input{width:110px;padding:6px 8px}td button{padding:6px 10px;
width:auto}ul{padding-left:20px}
@media(max-width:640px){tr{display:block;padding:8px 0}td{display:block;border:0;padding:4px 0}
thead{display:none}tbody tr{border-top:1px solid #d5dbe1}}
"""


def text(value: object) -> str:
    """A text as it stands in a page."""
    return html.escape(str(value))


def page(title: str, *parts: str, who: str = "", is_wide: bool = False) -> str:
    """A page of the payment system; `parts` are HTML already, `who` is its name."""
    wide = " class='wide'" if is_wide else ""
    name = f"<p class='who'>{text(who)}</p>" if who else ""
    return (
        "<!doctype html><html lang='uk'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<link rel='icon' href='data:,'>"
        f"<title>{text(title)}</title><style>{STYLE}</style><body>"
        "<div class='sim'>Симулятор платіжної системи: справжні гроші не рухаються</div>"
        f"<main{wide}><div class='card'>{name}<h1>{text(title)}</h1>{''.join(parts)}</div></main>"
        "</body></html>"
    )


def form(action: str, button: str, /, *inside: str, main: bool = False, **hidden: str) -> str:
    """A form with hidden fields."""
    kept = "".join(
        f"<input type='hidden' name='{text(name)}' value='{text(value)}'>"
        for name, value in hidden.items()
    )
    kind = " class='main'" if main else ""
    return (
        f"<form method='post' action='{text(action)}'>{kept}{''.join(inside)}"
        f"<button{kind}>{text(button)}</button></form>"
    )


def box(name: str, label: str, value: str = "") -> str:
    """A field that is typed into."""
    return (
        f"<p><label>{text(label)} <input name='{name}' required autocomplete='off' "
        f"value='{text(value)}'></label></p>"
    )


def link(address: str, label: str) -> str:
    """The way to another page."""
    return f"<p><a class='go' href='{text(address)}'>{text(label)}</a></p>"


def money(kopecks: int) -> str:
    """Kopecks as payers read them: `12550` → `125,50 грн`."""
    return f"{kopecks // 100},{kopecks % 100:02d} грн"


def index(titles: Mapping[str, str]) -> str:
    """The first page: which payment systems are played here."""
    rows = "".join(
        f"<li><a href='/{text(code)}/'>{text(title)}</a></li>" for code, title in titles.items()
    )
    return page("Платіжні системи", f"<ul>{rows}</ul>")
