"""What each role may do."""

from project.core.roles import ROLE_PERMISSIONS, Permission, Role, permissions_of


def test_every_role_is_in_the_table():
    assert set(ROLE_PERMISSIONS) == set(Role)


def test_an_administrator_may_do_everything():
    assert permissions_of({Role.ADMINISTRATOR}) == frozenset(Permission)


def test_money_is_not_taken_by_those_who_sell():
    assert Permission.PAYMENTS_ACCEPT_CASH not in permissions_of({Role.OPERATOR})
    assert Permission.LEDGER_ADJUST not in permissions_of({Role.CASHIER})


def test_only_the_administrator_sells_where_there_is_no_coverage():
    allowed = {r for r in Role if Permission.SERVICES_CREATE_UNCOVERED in permissions_of({r})}
    assert allowed == {Role.ADMINISTRATOR}


def test_roles_add_up():
    both = permissions_of({Role.PLANNER, Role.CASHIER})
    assert both >= {Permission.ZONES_EDIT, Permission.PAYMENTS_ACCEPT_CASH}
