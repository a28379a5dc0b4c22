"""The BRAS drivers by vendor name, in one readable place."""

from network.vendors import accel_ppp, generic, mikrotik
from network.vendors.driver import Driver

DRIVERS: dict[str, Driver] = {
    driver.vendor: driver for driver in (mikrotik.DRIVER, accel_ppp.DRIVER, generic.DRIVER)
}


def driver_of(vendor: str) -> Driver:
    """The driver of that vendor; an unknown one is spoken to in the RFCs' own words."""
    return DRIVERS.get(vendor, generic.DRIVER)
