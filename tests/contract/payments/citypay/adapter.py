"""CityPay under its vectors."""

from tests.vectors.adapter import Adapter


class CitypayAdapter(Adapter):
    """Nothing to configure: addresses only."""

    provider = "citypay"


ADAPTER = CitypayAdapter()
