"""The API of change sets: lists, story, review, planned publishing; and the map in time."""

from datetime import date
from typing import Any

from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coverage.api.zones import (
    ANY_OBJECT,
    YEARS,
    Publishing,
    RollbackSerializer,
    ZoneView,
    moment_in,
    moment_of,
    published_json,
    read,
)
from coverage.zoning import changesets, operations, review, scheduling, shelf, timeline
from coverage.zoning.terms import Terms
from project.core import clock
from project.core.http import actor_of

Text = {"max_length": review.TEXT_CHARS, "allow_blank": True, "default": ""}


class TextSerializer(serializers.Serializer[Any]):
    """A few words."""

    text = serializers.CharField(**Text)  # type: ignore[arg-type]


class ApproveSerializer(TextSerializer):
    """And `submitted_at` of the change set as the person saw it: 409 when it is another by now."""

    seen = serializers.DateTimeField(allow_null=True, default=None)


class TitleSerializer(serializers.Serializer[Any]):
    """A new title."""

    title = serializers.CharField(max_length=changesets.TITLE_CHARS, allow_blank=True)


class ExistingSerializer(serializers.Serializer[Any]):
    """What publishing means for existing clients: KEEP their terms, or MOVE from a day on."""

    existing = serializers.ChoiceField(choices=["KEEP", "MOVE"], default="KEEP")
    move_on = serializers.DateField(allow_null=True, default=None)


class PublishSerializer(ExistingSerializer):
    """And `submitted_at` of the change set as the person saw it: 409 when it is another by now."""

    seen = serializers.DateTimeField(allow_null=True, default=None)


class ScheduleSerializer(ExistingSerializer):
    """The moment for which publishing is planned (ISO 8601; without a zone: Kyiv)."""

    publish_at = serializers.CharField(max_length=40)


class ChangeSets(ZoneView):
    """The lists of change sets."""

    @extend_schema(
        summary="Change sets, newest first",
        parameters=[
            OpenApiParameter("state", str, description="open (default), published, cancelled"),
            OpenApiParameter("before", int, description="`next` of the page before"),
            OpenApiParameter("mine", bool, description="only one's own"),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Thirty a page."""
        before = request.query_params.get("before", "")
        before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0
        wanted = request.query_params.get("state", "") or "open"
        mine = request.query_params.get("mine") in {"1", "true"}
        author_id = actor_of(request).user_id if mine else None
        return Response(
            shelf.listed(shelf=wanted, before_id=before_id or None, author_id=author_id)
        )


class ChangeSetDetail(ZoneView):
    """One change set."""

    @extend_schema(summary="One change set with outlines and story", responses=ANY_OBJECT)
    def get(self, request: Request, changeset_id: int) -> Response:
        """Whatever its state."""
        return Response(_opened(request, changeset_id))

    @extend_schema(summary="Rename a change set", request=TitleSerializer, responses=ANY_OBJECT)
    def patch(self, request: Request, changeset_id: int) -> Response:
        """Only while it is open."""
        values = read(TitleSerializer, request)
        review.rename(changeset_id=changeset_id, actor=actor_of(request), at=clock.now(), **values)
        return Response(_opened(request, changeset_id))


class RollbackDraft(ZoneView):
    """Going back to an earlier version of a zone, with a look at the impact first."""

    @extend_schema(
        summary="An earlier version as a draft",
        request=RollbackSerializer,
        responses={201: ANY_OBJECT},
    )
    def post(self, request: Request, zone_id: int) -> Response:
        """Makes a change set of its own; nothing is published (412 when the zone moved on)."""
        values = read(RollbackSerializer, request)
        changeset_id = operations.draft_rollback(
            zone_id=zone_id,
            to_version_id=values["version_id"],
            base_revision=values["base_revision"],
            actor=actor_of(request),
            at=clock.now(),
        )
        return Response({"changeset_id": changeset_id}, status=201)


class ChangeSetSubmit(ZoneView):
    """Handing over."""

    @extend_schema(summary="Hand over for review", request=TextSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, changeset_id: int) -> Response:
        """DRAFT → REVIEW."""
        values = read(TextSerializer, request)
        review.submit(changeset_id=changeset_id, actor=actor_of(request), at=clock.now(), **values)
        return Response(_opened(request, changeset_id))


class ChangeSetApprove(ZoneView):
    """The second person's yes."""

    permission_classes = [Publishing]

    @extend_schema(summary="Approve", request=ApproveSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, changeset_id: int) -> Response:
        """403 for those who drew in it, where review is needed."""
        values = read(ApproveSerializer, request)
        review.approve(changeset_id=changeset_id, actor=actor_of(request), at=clock.now(), **values)
        return Response(_opened(request, changeset_id))


class ChangeSetSendBack(ZoneView):
    """The second person's no, or the author's second thought."""

    @extend_schema(summary="Send back", request=TextSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, changeset_id: int) -> Response:
        """REVIEW → DRAFT, with the reason."""
        values = read(TextSerializer, request)
        review.send_back(
            changeset_id=changeset_id, actor=actor_of(request), at=clock.now(), **values
        )
        return Response(_opened(request, changeset_id))


class ChangeSetComments(ZoneView):
    """Talking about it."""

    @extend_schema(summary="Comment", request=TextSerializer, responses={201: ANY_OBJECT})
    def post(self, request: Request, changeset_id: int) -> Response:
        """Also on a published one."""
        values = read(TextSerializer, request)
        review.comment(changeset_id=changeset_id, actor=actor_of(request), at=clock.now(), **values)
        return Response(_opened(request, changeset_id), status=201)


class ChangeSetImpact(ZoneView):
    """What publishing would do."""

    @extend_schema(
        summary="Impact of publishing a change set",
        parameters=[
            OpenApiParameter(
                "move_on", OpenApiTypes.DATE, description="day of `existing`; the next one"
            )
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request, changeset_id: int) -> Response:
        """Buildings gained and lost, what the other modules say, overlaps, refusals."""
        return Response(
            operations.preview_impact(
                changeset_id=changeset_id, at=clock.now(), move_on=_move_on(request)
            )
        )


class ChangeSetPublish(ZoneView):
    """Publishing."""

    permission_classes = [Publishing]

    @extend_schema(summary="Publish a change set", request=PublishSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, changeset_id: int) -> Response:
        """All drafts of the change set at once, or none (409 overlap, 412 stale)."""
        values = read(PublishSerializer, request)
        seen = values.pop("seen")
        done = operations.publish(
            changeset_id=changeset_id,
            actor=actor_of(request),
            at=clock.now(),
            existing=Terms(**values),
            seen=seen,
        )
        return Response(published_json(done))


class ChangeSetSchedule(ZoneView):
    """Publishing at a planned moment."""

    permission_classes = [Publishing]

    @extend_schema(summary="Plan the publishing", request=ScheduleSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, changeset_id: int) -> Response:
        """A minute's precision; planning again moves it."""
        values = read(ScheduleSerializer, request)
        scheduling.schedule(
            changeset_id=changeset_id,
            publish_at=moment_in(values["publish_at"], "publish_at"),
            actor=actor_of(request),
            at=clock.now(),
            existing=Terms(existing=values["existing"], move_on=values["move_on"]),
        )
        return Response(_opened(request, changeset_id))

    @extend_schema(summary="Take the plan back", responses=ANY_OBJECT)
    def delete(self, request: Request, changeset_id: int) -> Response:
        """The change set stays handed over."""
        scheduling.unschedule(changeset_id=changeset_id, actor=actor_of(request), at=clock.now())
        return Response(_opened(request, changeset_id))


class ZoneMoments(ZoneView):
    """When the map changed."""

    @extend_schema(summary="Moments of change, newest first", responses=ANY_OBJECT)
    def get(self, request: Request) -> Response:
        """For the date slider."""
        return Response({"moments": timeline.moments()})


class ZoneDifference(ZoneView):
    """The map between two moments."""

    @extend_schema(
        summary="What changed between two moments",
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATETIME, required=True),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="now"),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Zones with the ground added and removed, buildings gained and lost."""
        return Response(
            timeline.difference(
                from_at=moment_of(request, "from"), until_at=moment_of(request, "until")
            )
        )


class RetiredZones(ZoneView):
    """Zones that ended; their history stays."""

    @extend_schema(summary="Retired zones", responses=ANY_OBJECT)
    def get(self, request: Request) -> Response:
        """The last one first."""
        return Response({"zones": timeline.retired()})


def _opened(request: Request, changeset_id: int) -> dict[str, Any]:
    return shelf.opened(changeset_id=changeset_id, user_id=actor_of(request).user_id)


def _move_on(request: Request) -> date | None:
    text = request.query_params.get("move_on", "")
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError as error:
        raise operations.BadTermsError(field="move_on") from error
    if found is None or found.year not in YEARS:
        raise operations.BadTermsError(field="move_on")
    return found
