"""Settings of a running system, the demo included: what `base` says, unchanged."""

from project.settings.base import *
