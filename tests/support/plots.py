"""Whose ground is whose: the tests of one worker share a database, and zones may not overlap."""

from enum import IntEnum, unique


@unique
class Plot(IntEnum):
    """The first step east of each module's ground on the test grid; a plot is 100 steps wide.

    A module that makes zones of its own takes a new number here: that two took one showed only
    in runs that dealt both to one worker.
    """

    PUBLIC = -400
    PLANNER = 0
    PLANNER_REVIEW = 200
    PLANNER_TOOLS = 300
    PLANT = 400
    PLANNER_CHECKS = 550
    TARIFF_CONSTRUCTOR = 700
    WORKSPACE_PAGES = 800
    MONEY = 900
    TIMELINE = 1000
    CARD = 1100
    SESSIONS = 1250
    QUALIFY = 1400
    DEMAND = 1500
    ADDRESSES = 1700
    PAY_LINK = 1800
    PLANNER_PLACES = 1900
    ACCESS = 2000
