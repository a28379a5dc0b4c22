"""Charging one date: its ranges of accounts side by side, each one database transaction."""

import itertools
import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max

from billing.charging import chunks
from billing.charging.chunks import AccountRange, ChunkResult
from billing.charging.models import ChargeRun, ChargeRunChunk
from billing.charging.report import DayReport
from billing.charging.watching import Watch
from project.core.actor import Actor

logger = logging.getLogger(__name__)

LOOKED_ON_EVERY_S = 0.5


class DayOfChunks:
    """The chunks of one date: several at a time, each on a connection and in a transaction its own.

    They hold different accounts, so they never wait for each other; the database works on as many
    as it has cores for. Inside a transaction of the caller (a test) it is one after another.
    """

    def __init__(
        self,
        *,
        row: ChargeRun,
        skip: Sequence[int],
        at: datetime,
        actor: Actor,
        report: DayReport,
        watch: Watch,
    ) -> None:
        self.row, self.skip, self.at, self.actor, self.report = row, skip, at, actor, report
        self.watch, self.parts_done, self.is_stopped = watch, 0, False
        last = row.chunks.aggregate(last=Max("number"))["last"] or 0
        self.numbers = itertools.count(last + 1)
        self.lock = threading.Lock()

    def charge_all(self, parts: Sequence[AccountRange]) -> None:
        """Charge these ranges. What the database itself fails with, or the watch, ends the run."""
        workers = min(settings.GEOBILL_CHARGE_WORKERS, len(parts))
        if workers <= 1 or connection.in_atomic_block:
            for part in parts:
                self.charge(part)
                self.watch.moves(parts=1)
            return
        waiting = iter(parts)
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="charge") as pool:
            works = [pool.submit(self._work, waiting) for _n in range(workers)]
            self._look_on(works)
        for work in works:
            work.result()

    def _look_on(self, works: Sequence[Future[None]]) -> None:
        """Tell the watch how far it is; when it wants no more, what is begun is ended first."""
        told = 0
        try:
            while wait(works, timeout=LOOKED_ON_EVERY_S).not_done:
                done = self.parts_done
                self.watch.moves(parts=done - told)
                told = done
            self.watch.moves(parts=self.parts_done - told)
        except BaseException:
            self.is_stopped = True
            for work in works:
                if work.done() and (error := work.exception()) is not None:
                    logger.error("charging broke off", exc_info=error)
            raise

    def _work(self, waiting: Iterator[AccountRange]) -> None:
        try:
            while True:
                with self.lock:
                    part = None if self.is_stopped else next(waiting, None)
                if part is None:
                    return
                self.charge(part)
                with self.lock:
                    self.parts_done += 1
        finally:
            connection.close()

    def charge(self, part: AccountRange) -> None:
        """Charge a range; when it fails, its halves, down to the one account that is at fault."""
        with self.lock:
            number = next(self.numbers)
        day = self.row.charge_date
        try:
            with transaction.atomic():
                result = chunks.charge(
                    on_date=day,
                    at=self.at,
                    actor=self.actor,
                    part=part,
                    key=f"charge-run:{day.isoformat()}:{number}:{part.first}",
                    skip=self.skip,
                )
                if result.is_empty:
                    return
                self._note(number=number, part=part, result=result)
                self._count(result)
        except Exception as error:
            if part.first < part.last:
                for half in chunks.halves(part=part, on_date=day):
                    self.charge(half)
                return
            logger.exception("account %s could not be charged for %s", part.first, day)
            self._note(number=number, part=part, error=error)
            with self.lock:
                self.report.failed_account_count += 1
            return
        with self.lock:
            self.report.add(result)
            if result.journal_id is not None:
                self.report.journal_ids.append(result.journal_id)

    def _count(self, result: ChunkResult) -> None:
        """Add to the run's sums in the chunk's own transaction: a run that is killed keeps them.

        Last before the commit, for chunks beside this one wait for the row.
        """
        ChargeRun.objects.filter(id=self.row.id).update(
            charged_count=F("charged_count") + result.charged_count,
            charged_kopecks=F("charged_kopecks") + result.charged_kopecks,
            blocked_count=F("blocked_count") + len(result.blocked_ids),
            resumed_count=F("resumed_count") + len(result.resumed_ids),
        )

    def _note(
        self,
        *,
        number: int,
        part: AccountRange,
        result: ChunkResult | None = None,
        error: Exception | None = None,
    ) -> None:
        ChargeRunChunk.objects.create(
            run=self.row,
            number=number,
            state=ChargeRun.State.DONE if result else ChargeRun.State.FAILED,
            first_account_id=part.first,
            last_account_id=part.last,
            journal_id=result.journal_id if result else None,
            charged_count=result.charged_count if result else 0,
            error=f"{type(error).__name__}: {error}"[:2000] if error else "",
            finished_at=self.at,
        )
