"""Names of people, for search (pure)."""


def search_key_of(*parts: str) -> str:
    """The form in which a customer is searched: lower case, one space, no apostrophe variants."""
    text = " ".join(" ".join(p.split()) for p in parts if p).casefold()
    for mark in "'’ʼ`´":
        text = text.replace(mark, "'")
    return text[:240]
