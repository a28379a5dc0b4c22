"""Icons for templates: ``{% load icons %}{% icon "map-pin" %}``."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, extra_class: str = "", label: str = "") -> SafeString:
    """A Tabler icon by its name, from the sprite that `npm run build` makes.

    Without a `label` it is decoration and hidden from screen readers.
    """
    spoken = format_html('role="img" aria-label="{}"', label) if label else "aria-hidden=true"
    return format_html(
        '<svg class="icon {}" {} width="20" height="20"><use href="{}#ti-{}"/></svg>',
        extra_class,
        spoken,
        static("build/icons.svg"),
        name,
    )
