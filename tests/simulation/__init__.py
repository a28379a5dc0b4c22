"""`./run simulate`: years of a small provider in minutes, with everything that goes wrong, by seed.

Django is set up here, before any of the modules imports a model, with the settings of the tests.
"""

import os

import django
from django.apps import apps

if not apps.ready:
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.test"
    django.setup()
