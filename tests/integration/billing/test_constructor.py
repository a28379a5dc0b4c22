"""The constructor's desk: drafts, prices, conflicts, copies, the price map."""

from datetime import date, timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from billing import whatif
from billing.models import DraftPrice, PlanSpan, PriceRule, TariffVersion
from billing.tariffs import constructor, copying, price_map
from billing.tariffs.constructor import (
    DraftChangedError,
    NothingToPublishError,
    RuleEndError,
    StalePriceError,
    WantedPrice,
)
from billing.tariffs.operations import PriceRuleOverlapError, set_price
from billing.tariffs.queries import version_on
from billing.tariffs.sanity import BadTermsError
from billing.tariffs.targets import PriceTarget
from billing.tariffs.terms import Terms, terms_of
from coverage import operations as coverage
from coverage.models import AdminUnit
from tests.support import zones
from tests.support.billing import CASHIER, START, World, admin_unit, moment, statement

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def draft(
    tariff_id: int, *, from_day: date, existing: date | None = None, **changes: object
) -> int:
    version = version_on(tariff_id=tariff_id, on_date=day(1))
    assert version is not None
    values = {name: getattr(version, name) for name in Terms.__slots__} | changes
    return constructor.save_draft(
        at=moment(day(1), 10),
        actor=CASHIER,
        tariff_id=tariff_id,
        applies_from=from_day,
        applies_existing_from=existing,
        terms=Terms(**values),
    )


def publish(tariff_id: int, *, on: date = NOV, **values: object) -> constructor.Published:
    return constructor.publish_draft(
        at=moment(on, 15),
        on_date=on,
        actor=CASHIER,
        tariff_id=tariff_id,
        seen=constructor.fingerprint(tariff_id=tariff_id),
        **values,
    )


def prepare(tariff_id: int, kopecks: int, *, from_day: date, **target: object) -> list[int]:
    return constructor.prepare_prices(
        at=moment(NOV, 10),
        actor=CASHIER,
        tariff_id=tariff_id,
        prices=[WantedPrice(PriceTarget.of(**target), kopecks, from_day)],
    )


def test_a_draft_charges_nobody_until_it_is_published(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    draft(tariff, from_day=day(2), existing=day(3), speed_down_bit_s=500_000_000)
    prepare(tariff, 60_000, from_day=day(2), zone_id=world.zone_id)
    world.days(day(2), day(3))
    assert [amount for _d, _w, amount in statement(account)[1:]] == [-1_000] * 3
    draft(tariff, from_day=day(4), existing=day(5), speed_down_bit_s=500_000_000)
    prepare(tariff, 60_000, from_day=day(4), zone_id=world.zone_id)
    made = publish(tariff, on=day(3))
    world.days(day(4), day(6))
    assert made.version_id is not None
    assert [amount for _d, _w, amount in statement(account)[4:]] == [-1_000, -2_000, -2_000]
    assert not DraftPrice.objects.exists()


def test_prices_alone_reach_existing_clients_from_the_chosen_day(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    prepare(tariff, 45_000, from_day=day(2), zone_id=world.zone_id)
    made = publish(tariff, existing_from=day(3))
    world.days(day(2), day(3))
    assert [amount for _d, _w, amount in statement(account)[1:]] == [-1_000, -1_000, -1_500]
    version = TariffVersion.objects.get(id=made.version_id)
    before = TariffVersion.objects.get(tariff_id=tariff, version=1)
    assert terms_of(version) == terms_of(before)


def test_prices_alone_leave_those_who_have_bought(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    prepare(tariff, 45_000, from_day=day(2), zone_id=world.zone_id)
    assert publish(tariff).version_id is None
    world.days(day(2), day(3))
    assert [amount for _d, _w, amount in statement(account)[1:]] == [-1_000] * 3


def test_prices_alone_bring_nobody_terms_that_were_for_new_clients(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    draft(tariff, from_day=day(2), charge_type="MONTHLY_PREPAID")
    publish(tariff)
    prepare(tariff, 45_000, from_day=day(2), zone_id=world.zone_id)
    with pytest.raises(BadTermsError) as refused:
        publish(tariff, existing_from=day(3))
    assert refused.value.field == "existing_from"
    with pytest.raises(BadTermsError):
        whatif.of_draft(tariff_id=tariff, today=NOV)
    draft(tariff, from_day=day(3), existing=day(3))
    publish(tariff)
    world.days(day(2), day(3))
    assert [amount for _d, _w, amount in statement(account)[1:]] == [-1_000, -1_000, -1_500]


def test_a_price_set_meanwhile_is_not_ended_unseen(world: World) -> None:
    tariff = world.tariff(price=30_000)
    prepare(tariff, 28_000, from_day=day(10))
    other = world.price(tariff, 35_000, valid_from=day(5))
    with pytest.raises(StalePriceError) as refused:
        publish(tariff)
    assert refused.value.context == {"rule_id": other, "price_kopecks": 35_000}
    assert DraftPrice.objects.count() == 1
    prepare(tariff, 28_000, from_day=day(10))
    publish(tariff)
    constructor.end_price(
        at=moment(NOV, 16),
        on_date=NOV,
        actor=CASHIER,
        rule_id=PriceRule.objects.get(tariff_id=tariff, price_kopecks=28_000).id,
        until=day(20),
    )
    prepare(tariff, 27_000, from_day=day(20), zone_id=world.zone_id)
    publish(tariff)


def test_what_is_paid_once_is_not_turned_into_what_is_paid_by_time(world: World) -> None:
    tariff = world.tariff(price=30_000, charge_type="ONE_OFF")
    with pytest.raises(BadTermsError) as refused:
        draft(tariff, from_day=day(2), existing=day(3), charge_type="DAILY")
    assert refused.value.field == "applies_existing_from"
    draft(tariff, from_day=day(2), charge_type="DAILY")
    publish(tariff)
    with pytest.raises(BadTermsError):
        draft(tariff, from_day=day(3), existing=day(4), charge_type="ONE_OFF")


def test_only_what_was_looked_at_is_published(world: World) -> None:
    tariff = world.tariff()
    prepare(tariff, 45_000, from_day=day(2), zone_id=world.zone_id)
    seen = constructor.fingerprint(tariff_id=tariff)
    prepare(tariff, 46_000, from_day=day(2), zone_id=world.zone_id)
    with pytest.raises(DraftChangedError):
        constructor.publish_draft(
            at=moment(NOV), on_date=NOV, actor=CASHIER, tariff_id=tariff, seen=seen
        )
    assert PriceRule.objects.filter(tariff_id=tariff).count() == 1
    publish(tariff)
    with pytest.raises(NothingToPublishError):
        publish(tariff)


def test_a_draft_is_dropped_whole(world: World) -> None:
    tariff = world.tariff()
    draft(tariff, from_day=day(2))
    prepare(tariff, 45_000, from_day=day(2), zone_id=world.zone_id)
    constructor.drop_draft(at=moment(NOV), actor=CASHIER, tariff_id=tariff)
    assert constructor.fingerprint(tariff_id=tariff) == ""
    with pytest.raises(NothingToPublishError):
        constructor.drop_draft(at=moment(NOV), actor=CASHIER, tariff_id=tariff)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("vat_rate_bp", {"vat_rate_bp": 10_000}),
        ("charge_type", {"charge_type": "WEEKLY"}),
        ("speed_up_bit_s", {"speed_up_bit_s": 0}),
        ("night_from", {"night_down_bit_s": 1_000_000}),
        ("burst_down_bit_s", {"burst_down_bit_s": 1, "burst_up_bit_s": 1, "burst_s": 5}),
        ("pause_max_days", {"pause_min_days": 30, "pause_max_days": 10}),
        ("promise_days", {"promise_days": 0}),
        ("credit_kopecks", {"credit_kopecks": -1}),
    ],
)
def test_terms_that_cannot_be_used_name_their_field(
    world: World, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(BadTermsError) as refused:
        draft(world.tariff(), from_day=day(2), **changes)
    assert refused.value.field == field


def test_existing_clients_get_nothing_today(world: World) -> None:
    tariff = world.tariff()
    draft(tariff, from_day=NOV, existing=NOV)
    with pytest.raises(BadTermsError):
        publish(tariff)


def test_a_conflict_names_the_other_rule(world: World) -> None:
    tariff = world.tariff(price=None)
    other = world.price(tariff, 40_000, zone_id=world.zone_id, valid_from=day(10))
    with pytest.raises(PriceRuleOverlapError) as refused:
        prepare(tariff, 45_000, from_day=day(5), zone_id=world.zone_id)
    assert refused.value.context["rule_id"] == other
    with pytest.raises(PriceRuleOverlapError) as refused:
        world.price(tariff, 45_000, zone_id=world.zone_id, valid_from=day(10))
    assert refused.value.context["rule_id"] == other


def test_a_price_for_a_period_is_followed_by_the_one_before(world: World) -> None:
    tariff = world.tariff(price=30_000)
    world.price(tariff, 20_000, valid_from=day(5), valid_until=day(8))
    found = {
        number: next(
            rule.price_kopecks
            for rule in PriceRule.objects.filter(tariff_id=tariff, valid__contains=day(number))
        )
        for number in (4, 5, 7, 8, 20)
    }
    assert found == {4: 30_000, 5: 20_000, 7: 20_000, 8: 30_000, 20: 30_000}


def test_an_ended_price_sells_nothing_new_and_charges_as_before(world: World) -> None:
    tariff = world.tariff(price=None)
    rule = world.price(tariff, 30_000, zone_id=world.zone_id)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    constructor.end_price(
        at=moment(day(1), 15), on_date=day(1), actor=CASHIER, rule_id=rule, until=day(2)
    )
    world.days(day(2), day(3))
    assert [amount for _d, _w, amount in statement(account)[1:]] == [-1_000] * 3
    for wrong in (day(1), START, day(3)):
        with pytest.raises(RuleEndError):
            constructor.end_price(
                at=moment(day(2)), on_date=day(2), actor=CASHIER, rule_id=rule, until=wrong
            )


class TestCopying:
    """Rules copied to other places."""

    def test_copies_go_into_the_draft_dearer_and_rounded(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        rule = PriceRule.objects.get(tariff_id=tariff)
        to = copying.CopyTo(
            valid_from=day(2), zone_ids=(world.zone_id, world.other_zone_id), percent=7
        )
        look = copying.preview(tariff_id=tariff, rule_ids=[rule.id], to=to)
        assert [(one.price_kopecks, one.fate) for one in look] == [(32_100, "NEW")] * 2
        assert not DraftPrice.objects.exists()
        copying.copy(at=moment(NOV), actor=CASHIER, tariff_id=tariff, rule_ids=[rule.id], to=to)
        assert sorted(DraftPrice.objects.values_list("zone_id", "price_kopecks")) == sorted(
            (zone, 32_100) for zone in (world.zone_id, world.other_zone_id)
        )

    def test_what_is_shown_before_is_what_is_made(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        rules = [PriceRule.objects.get(tariff_id=tariff).id]
        rules.append(world.price(tariff, 25_000, network_type="GPON", segment="b2b"))
        world.price(tariff, 28_000, zone_id=world.zone_id)  # replaced
        world.price(tariff, 28_000, admin_unit_id=world.city.id, valid_from=day(20))  # in the way
        to = copying.CopyTo(
            valid_from=day(2),
            zone_ids=(world.zone_id, world.other_zone_id),
            admin_unit_ids=(world.city.id,),
        )
        look = copying.preview(tariff_id=tariff, rule_ids=rules, to=to)
        fates = [one.fate.value for one in look]
        assert fates == ["REPLACES", "NEW", "CONFLICT", "NEW", "OTHER_NETWORK", "NEW"]
        copying.copy(at=moment(NOV), actor=CASHIER, tariff_id=tariff, rule_ids=rules, to=to)
        made = {PriceTarget.of_row(row): row.price_kopecks for row in DraftPrice.objects.all()}
        assert made == {one.target: one.price_kopecks for one in look if one.is_made}
        publish(tariff)

    def test_segments(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        rule = PriceRule.objects.get(tariff_id=tariff)
        to = copying.CopyTo(valid_from=day(2), segments=("b2b", "school"), percent=-10)
        copying.copy(at=moment(NOV), actor=CASHIER, tariff_id=tariff, rule_ids=[rule.id], to=to)
        assert set(DraftPrice.objects.values_list("level", "segment", "price_kopecks")) == {
            ("DEFAULT", "b2b", 27_000),
            ("DEFAULT", "school", 27_000),
        }

    def test_nowhere_and_nothing_are_refused(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        rule = PriceRule.objects.get(tariff_id=tariff)
        for ids, to in (
            ([], copying.CopyTo(day(2), zone_ids=(world.zone_id,))),
            ([rule.id], copying.CopyTo(day(2))),
            ([rule.id], copying.CopyTo(day(2), segments=("b2b",), percent=-95)),
        ):
            with pytest.raises(BadTermsError):
                copying.preview(tariff_id=tariff, rule_ids=ids, to=to)


class TestMap:
    """Which price applies where."""

    def test_zones_have_their_price_and_holes_none(self, world: World) -> None:
        tariff = world.tariff(price=None)
        world.price(tariff, 30_000, zone_id=world.zone_id)
        pieces = price_map.price_map(tariff_id=tariff, at=moment(day(1)), on_date=day(1))
        assert {piece.zone_id: piece.price_kopecks for piece in pieces} == {
            world.zone_id: 30_000,
            world.other_zone_id: None,
        }

    def test_the_draft_is_seen_before_it_is_published(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        prepare(tariff, 25_000, from_day=day(2), zone_id=world.zone_id)
        seen = {}
        for with_draft in (False, True):
            pieces = price_map.price_map(
                tariff_id=tariff,
                at=moment(day(1)),
                on_date=day(2),
                network_type="GPON",
                with_draft=with_draft,
            )
            seen[with_draft] = [piece.price_kopecks for piece in pieces]
        assert seen == {False: [30_000], True: [25_000]}

    def test_a_zone_over_two_localities_is_cut_along_their_border(self, world: World) -> None:
        village = admin_unit("Безлюдівка", category="VILLAGE")
        right = Polygon.from_bbox(
            (zones.LON + 7 * zones.STEP, 49.9, zones.LON + 30 * zones.STEP, 50.2)
        )
        AdminUnit.objects.filter(id=village.id).update(geom=MultiPolygon(right, srid=4326))
        house = zones.building(9, 5, village)
        coverage.rebuild_building_coverage(building_ids=[house.id])
        tariff = world.tariff(price=30_000)
        world.price(tariff, 35_000, admin_unit_id=village.id)
        pieces = price_map.price_map(
            tariff_id=tariff, at=moment(day(1)), on_date=day(1), network_type="GPON"
        )
        parts = {piece.price_kopecks: piece.geometry for piece in pieces}
        assert set(parts) == {30_000, 35_000}
        assert parts[30_000].area / parts[35_000].area == pytest.approx(7 / 3, rel=0.01)
        assert parts[30_000].intersection(parts[35_000]).area == 0

    def test_the_ladder_of_a_point_is_that_of_a_sale_there(self, world: World) -> None:
        tariff = world.tariff(price=30_000)
        rule = world.price(tariff, 25_000, zone_id=world.zone_id)
        point = world.building.point
        found = price_map.prices_at(
            tariff_id=tariff, lon=point.x, lat=point.y, at=moment(day(1)), on_date=day(1)
        )
        assert found.resolutions["GPON"].rule is not None
        assert found.resolutions["GPON"].rule.id == rule
        assert found.resolutions["FTTB"].price_kopecks == 30_000
        world.sell(world.account(kopecks=100_000), tariff, day(1))
        assert PlanSpan.objects.get().sold_rule_id == rule

    def test_a_place_that_is_none_is_refused(self, world: World) -> None:
        for lon, lat in ((181.0, 0.0), (0.0, 91.0), (float("nan"), 1.0)):
            with pytest.raises(price_map.BadPlaceError):
                price_map.prices_at(
                    tariff_id=world.tariff(), lon=lon, lat=lat, at=moment(day(1)), on_date=day(1)
                )


def test_with_price_says_what_setting_a_price_does(world: World) -> None:
    """The pure function that a what-if uses equals the operation that publishes."""
    for first, until in ((day(5), None), (day(5), day(9)), (date(2027, 1, 1), None)):
        tariff = world.tariff(price=30_000)
        world.price(tariff, 20_000, zone_id=world.zone_id)
        wanted = WantedPrice(PriceTarget.of(zone_id=world.zone_id), 40_000, first, until)
        constructor.prepare_prices(at=moment(NOV), actor=CASHIER, tariff_id=tariff, prices=[wanted])
        said = price_map.rules_of(tariff_id=tariff, with_draft=True)
        set_price(
            at=moment(NOV),
            actor=CASHIER,
            tariff_id=tariff,
            price_kopecks=40_000,
            valid_from=first,
            valid_until=until,
            zone_id=world.zone_id,
        )
        done = price_map.rules_of(tariff_id=tariff, with_draft=False)
        assert sorted(map(_told, said)) == sorted(map(_told, done))


def _told(rule: price_map.RuleFacts) -> tuple[str, int, str, str]:
    return rule.level, rule.price_kopecks, str(rule.valid_from), str(rule.valid_until)
