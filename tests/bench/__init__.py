"""Benchmarks: `./run bench NAME`. Each measures ours against a floor (docs/benchmarks.md).

Django is set up here, once, before any of the modules imports a model: as in the tests, logged in
as the owner, because a benchmark makes databases of its own.
"""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.test"
django.setup()
