"""What a rule would do before it is made: the rule is made, asked, and rolled back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from network.addressing import plans
from network.addressing.editing import RuleWish
from network.models import IpPlan, IpRule
from project.core import clock

SAMPLE = 2_000
EXAMPLES = 5

_FITTING = f"""
SELECT s.id, count(*) OVER ()
FROM billing_subscription s
JOIN radius_decision d ON d.subscription_id = s.id
JOIN coverage_building b ON b.id = s.building_id
JOIN coverage_adminunit u ON u.id = b.locality_id
{plans.SPAN}
JOIN network_iprule r ON r.id = %(rule)s
LEFT JOIN coverage_adminunit a ON a.id = r.admin_unit_id
WHERE s.state <> 'TERMINATED' AND {plans.FITS}
ORDER BY s.id LIMIT %(most)s
"""  # noqa: S608 (our own text)


@dataclass(frozen=True, slots=True)
class Preview:
    """`fitting` services fulfil the conditions; of the first `looked_at` of them the rule would be
    the first for `winning`, of whom `keeping` have an own address already and keep it.
    """

    fitting: int
    looked_at: int
    winning: int
    keeping: int
    examples: tuple[int, ...]


def preview(*, wish: RuleWish, at: datetime) -> Preview:
    """What the rule would do now; nothing is changed."""
    with transaction.atomic():
        values = {name: getattr(wish, name) for name in RuleWish.__slots__}
        known = IpRule.objects.filter(**values).first()
        rule = known or IpRule.objects.create(**values, created_at=at)
        with connection.cursor() as cursor:
            cursor.execute(_FITTING, {"rule": rule.id, "day": clock.today(at), "most": SAMPLE})
            rows = cursor.fetchall()
        ids = [row[0] for row in rows]
        plans.rewrite(subscription_ids=ids, at=at)
        won = list(
            IpPlan.objects.filter(subscription_id__in=ids, rule_id=rule.id)
            .order_by("subscription_id")
            .values_list("subscription_id", flat=True)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM network_ipassignment WHERE subscription_id = ANY(%s)"
                " AND state = 'ASSIGNED' AND kind = %s",
                [won, rule.pool.kind],
            )
            keeping = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    return Preview(
        fitting=rows[0][1] if rows else 0,
        looked_at=len(ids),
        winning=len(won),
        keeping=keeping,
        examples=tuple(won[:EXAMPLES]),
    )
