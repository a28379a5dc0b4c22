"""`celery -A tests.support.counting_worker worker`: a worker that knows the job of the tests."""

import django

django.setup()

from project.celery import app  # noqa: E402
from tests.support import counting_job  # noqa: E402

counting_job.register()

__all__ = ["app"]
