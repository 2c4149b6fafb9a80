"""The demo's real input: the airports with an IATA code of the package ``airportsdata``, as documents.

Owns which fields a document has. Must not know where documents go.
"""

from decimal import Decimal
from importlib import import_module
from itertools import islice

from syncore.codec.values import Value
from syncore.core.errors import Misused

COLLECTION = "airports"

_TEXTS = ("name", "city", "subd", "country", "icao", "tz")
_COORDINATES = ("lat", "lon")

Airports = dict[str, dict[str, Value]]
"""The fields of each airport by its IATA code."""


def load_airports(limit: int | None = None) -> Airports:
    """The airports in the package's order, at most ``limit``.

    Raises:
        Misused: the package is not installed.
    """
    try:
        package = import_module("airportsdata")
    except ModuleNotFoundError as error:
        raise Misused(
            "the demo's airports are in a package that is not installed",
            hint="pip install 'syncore[demo]'",
        ) from error
    rows: dict[str, dict[str, object]] = package.load("IATA")
    return {code: _fields(row) for code, row in islice(rows.items(), limit)}


def _fields(row: dict[str, object]) -> dict[str, Value]:
    fields: dict[str, Value] = {name: str(row[name]) for name in _TEXTS}
    for name in _COORDINATES:
        fields[name] = Decimal(str(row[name]))
    fields["elevation_ft"] = Decimal(str(row["elevation"]))
    return fields
