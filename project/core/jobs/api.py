"""The API of jobs, for pages that follow one: its progress, its files, ending it.

One's own jobs, or any for an administrator; others are "not found".
"""

from typing import Any

from django.http import FileResponse, HttpResponseBase
from django.urls import path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from project.core import clock
from project.core.http import actor_of
from project.core.jobs.files import file_path
from project.core.jobs.kinds import kind_of
from project.core.jobs.operations import cancel
from project.core.jobs.queries import UnknownJobError, job_of
from project.core.models import Job, JobFile, User


class JobFileSerializer(serializers.Serializer[Any]):
    """A file that the job was given (INPUT) or has made (RESULT)."""

    id = serializers.IntegerField()
    role = serializers.CharField()
    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.CharField()


class JobSerializer(serializers.Serializer[Any]):
    """How far a job is; `percent` and `total` are null while nobody knows how much there is."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    kind_title = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    is_being_cancelled = serializers.BooleanField()
    total = serializers.IntegerField(allow_null=True)
    done = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    error = serializers.CharField()
    files = JobFileSerializer(many=True)


def as_json(job: Job) -> dict[str, Any]:
    """The job in the words of JobSerializer."""
    kind = kind_of(job.kind)
    names = (
        "id", "kind", "title", "state", "created_at", "started_at", "finished_at", "total", "done",
        "percent", "counts", "error",
    )  # fmt: skip
    return {
        **{name: getattr(job, name) for name in names},
        "kind_title": str(kind.title) if kind else job.kind,
        "is_being_cancelled": job.cancel_asked_at is not None and not job.is_over,
        "files": [
            {
                "id": file.id,
                "role": file.role,
                "name": file.name,
                "size_bytes": file.size_bytes,
                "url": reverse("job-file", args=[job.id, file.id]),
            }
            for file in sorted(job.files.all(), key=lambda file: file.id)
        ],
    }


def _job(request: Request, job_id: int) -> Job:
    assert isinstance(request.user, User)
    return job_of(job_id=job_id, viewer=request.user)


class JobView(APIView):
    """One job."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        """How far the job is."""
        return Response(JobSerializer(as_json(_job(request, job_id))).data)


class JobCancelView(APIView):
    """Ending a job."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        """Ask the job to end; what it has done so far stays."""
        _job(request, job_id)
        cancel(job_id=job_id, actor=actor_of(request), at=clock.now())
        return Response(JobSerializer(as_json(_job(request, job_id))).data)


class JobFileView(APIView):
    """A file of a job."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, job_id: int, file_id: int) -> HttpResponseBase:
        """The file, to be saved; a browser never shows it as a page."""
        job = _job(request, job_id)
        file = JobFile.objects.filter(job=job, id=file_id).first()
        if file is None or not file_path(file).is_file():
            raise UnknownJobError
        return FileResponse(
            file_path(file).open("rb"),
            as_attachment=True,
            filename=file.name,
            content_type="application/octet-stream",
        )


urlpatterns = [
    path("<int:job_id>/", JobView.as_view(), name="job"),
    path("<int:job_id>/cancel/", JobCancelView.as_view(), name="job-cancel"),
    path("<int:job_id>/files/<int:file_id>/", JobFileView.as_view(), name="job-file"),
]
