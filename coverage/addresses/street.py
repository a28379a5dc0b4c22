"""Street names: the type before or after the name, the canonical name, the loose search key."""

import re
from dataclasses import dataclass
from functools import lru_cache

from coverage.addresses import latin, ordinals, persons, streettypes, text

_PARENTHESES = re.compile(r"\(([^)]*)\)?")
_TOKEN = re.compile(r"[^\s,;:!?*_=+]+")
_INITIALS = re.compile(r"([^\W\d_])\.(?=[^\W\d_])")
# A hyphen between words says nothing: «Нечуя-Левицького», «40-річчя»; in «1-го» it stays.
_LETTERS_JOINED = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])|(?<=\d)-(?=[^\W\d_]{4})")
_LOOSE_ENDING = re.compile(r"(?<=\d)\s+-\s*(?=(?:го|й|а|ша|ої|та)\b)")
_NOMINATIVE = re.compile(r"(?<=ен)ко$|(?<=en)ko$")
# «1Травня»: a figure glued to a word of at least four letters; "1го" is an ordinal.
_FIGURE_GLUED = re.compile(r"(?<![^\s])(\d{1,4})(?=[^\W\d_]{4})")
_TYPE_GLUED = re.compile(r"^([^\W\d_]{1,6}(?:-[^\W\d_]{1,3})?)\.(?=\S)")


@dataclass(frozen=True, slots=True)
class StreetName:
    """A street name taken apart.

    `type` is a key of `streettypes.TYPES`, or "" when none was written. `name` is the name as
    written, without the type; `name_norm` its canonical form, in which the order of the words does
    not matter; `search_key` the looser form without initials and ranks, in the written order.
    `other_name` is what stood in brackets ("Соборна (Свердлова)").
    """

    type: str
    name: str
    name_norm: str
    search_key: str
    other_name: str = ""
    is_russian: bool = False
    is_latin: bool = False

    @property
    def label(self) -> str:
        """How the street is shown: «вулиця Бучми»."""
        return street_label(street_type=self.type, name=self.name)


# Types that follow an adjective: «Київське шосе», but «вулиця Бучми».
_TYPE_AFTER_ADJECTIVE = frozenset({"шосе", "узвіз", "шлях", "набережна", "дорога", "в'їзд"})
_ADJECTIVE = re.compile(r"(?:ий|ій|а|я|е|є)$")


def street_label(*, street_type: str, name: str) -> str:
    """The name of a street with its type where Ukrainian puts it."""
    if street_type in _TYPE_AFTER_ADJECTIVE and " " not in name and _ADJECTIVE.search(name):
        return f"{name} {street_type}"
    return f"{street_type} {name}".strip()


def parse_street(value: str) -> StreetName:
    """Take a street name apart; never fails, an empty `name` means that there was none."""
    cleaned = text.clean(value)
    is_russian = bool(text.RUSSIAN_LETTERS.search(cleaned))
    other = " ".join(found[1].strip() for found in _PARENTHESES.finditer(cleaned))
    cleaned = _PARENTHESES.sub(" ", cleaned)
    tokens = _tokens(cleaned)
    street_type, tokens, form = _take_type(tokens)
    tokens = _drop_named_after(tokens)
    name = " ".join(tokens)
    return StreetName(
        type=street_type,
        name=name,
        name_norm=normalise_name(name),
        search_key=search_key(name),
        other_name=other,
        is_russian=is_russian or form in streettypes.RUSSIAN_FORMS,
        is_latin=text.is_latin(cleaned),
    )


# In a list of addresses the same few names come again and again.
@lru_cache(maxsize=20_000)
def normalise_name(name: str) -> str:
    """The canonical form of a name without its type: lower case, ordinals as figures, word order
    and hyphens without meaning ("Черемшини Марка" is "Марка Черемшини")."""
    return " ".join(sorted(_canonical_tokens(name)))


@lru_cache(maxsize=20_000)
def search_key(name: str) -> str:
    """The loose form that streets are looked up by: no initials, ranks, apostrophes; ґ as г."""
    tokens = _canonical_tokens(name)
    kept = [t for t in tokens if not _is_initial(t) and t not in streettypes.RANKS]
    return " ".join(kept or tokens).replace("ґ", "г").replace(".", "")


def latin_key(name: str) -> str:
    """The name in Latin letters (KMU-2010), for comparing with what was typed in Latin letters."""
    return " ".join(sorted(latin.to_latin(token) for token in _canonical_tokens(name)))


def _tokens(value: str) -> list[str]:
    glued = _TYPE_GLUED.match(value)
    if glued and glued[1].lower() in streettypes.FORMS:
        value = f"{glued[1]}. {value[glued.end() :]}"
    value = _FIGURE_GLUED.sub(r"\1 ", value)
    tokens = [token for token in _TOKEN.findall(value) if re.search(r"\w", token)]
    # Two-word types ("житловий масив") are one token from here on.
    joined: list[str] = []
    for token in tokens:
        pair = f"{joined[-1]} {token}".lower() if joined else ""
        if pair in streettypes.FORMS:
            joined[-1] = f"{joined[-1]} {token}"
        else:
            joined.append(token)
    return joined


def _form(token: str) -> str:
    """The token as a form of a street type, or "" when it is none."""
    form = token.lower().rstrip(".")
    return form if form in streettypes.FORMS else ""


def _has_name(tokens: list[str]) -> bool:
    return any(not _form(token) for token in tokens)


def _take_type(tokens: list[str]) -> tuple[str, list[str], str]:
    """The type (first word, else last word) and the words that remain.

    «вул. Північне шосе» and «вул. пров. Шкільний» are written by people whose form has "вул." in
    it already: the second, more exact type is the type.
    """
    if len(tokens) < 2:
        return "", tokens, ""
    first, last = _form(tokens[0]), _form(tokens[-1])
    if first and (tokens[0].endswith(".") or len(first) > 2 or tokens[1:]):
        street_type, rest, form = streettypes.FORMS[first], tokens[1:], first
        if street_type in ("вулиця", "алея"):
            for place in (0, len(rest) - 1):
                inner = _form(rest[place])
                remaining = rest[:place] + rest[place + 1 :]
                if inner and streettypes.FORMS[inner] in streettypes.EXACT and _has_name(remaining):
                    if place and len(inner) < 4:
                        continue
                    street_type, rest, form = streettypes.FORMS[inner], remaining, inner
                    break
        if len(rest) > 1:
            rest = _drop_repeated_type(street_type, rest)
        return street_type, rest, form
    if last and len(last) > 2 and _has_name(tokens[:-1]):
        return streettypes.FORMS[last], tokens[:-1], last
    return "", tokens, ""


def _drop_repeated_type(street_type: str, tokens: list[str]) -> list[str]:
    """«вулиця вул. Шкільна» says its type twice."""
    kept = [t for t in tokens if streettypes.FORMS.get(t.lower().rstrip(".")) != street_type]
    return kept or tokens


def _drop_named_after(tokens: list[str]) -> list[str]:
    kept = [token for token in tokens if token.lower().rstrip(".") not in streettypes.NAMED_AFTER]
    return kept or tokens


def _canonical_tokens(name: str) -> list[str]:
    tokens: list[str] = []
    for written in _name_tokens(name):
        figure = ordinals.canonical_ordinal(written)
        token = streettypes.RANK_SHORT.get(figure, figure)
        # «Шевченко» on a sign is «Шевченка» in the register; the nominative is never official.
        token = _NOMINATIVE.sub(lambda found: "ка" if found.group() == "ко" else "ka", token)
        tokens += token.replace("'", "").split()
    return persons.complete_initial(tokens)


def _name_tokens(name: str) -> list[str]:
    lowered = _INITIALS.sub(r"\1. ", text.clean(name).lower())
    lowered = _LETTERS_JOINED.sub(" ", _LOOSE_ENDING.sub("-", lowered))
    words = [word for word in lowered.split() if word.strip(".,;:'\"-()")]
    last = len(words) - 1
    tokens = []
    for place, word in enumerate(words):
        bare = word.strip(".,;:'\"-()")
        is_initial = (
            len(bare) == 1 and bare.isalpha() and (word.endswith(".") or place in (0, last))
        )
        tokens.append(f"{bare}." if is_initial and last else bare)
    return tokens


def _is_initial(token: str) -> bool:
    return len(token) == 2 and token.endswith(".")
