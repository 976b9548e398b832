"""What must hold between the meters of a site, their maps and the board's lines. Yields "key: what"."""

from collections.abc import Iterator, Mapping

from config.schema import AnyMeterMap, Board, Dlt645Map, MeterWiring, Site


def of_meters(site: Site, board: Board | None, maps: Mapping[str, AnyMeterMap]) -> Iterator[str]:
    """Yield meters that cannot be told apart on their line, do not speak its protocol, or do not sign."""
    first_on: dict[str, int] = {}
    taken: dict[tuple[str, int | str], int] = {}
    for index, evse in enumerate(site.evse):
        meter, where = evse.meter, f"evse[{index}].meter"
        if meter.map not in maps:
            continue  # a problem of its own, told elsewhere
        dlt645 = isinstance(maps[meter.map], Dlt645Map)
        if meter.seal == "required" and getattr(maps[meter.map], "signs", None) is None:
            yield f'{where}.seal: "required", but {meter.map} does not sign: name one that does'
        first = first_on.setdefault(meter.port, index)
        if dlt645 != isinstance(maps[site.evse[first].meter.map], Dlt645Map):
            other = "Modbus" if dlt645 else "DL/T 645"
            yield f'{where}.map: evse[{first}] on port "{meter.port}" speaks {other}; one line, one protocol'
        elif dlt645:
            yield from _dlt645(site, where, meter, board)
        key, what = ("address", meter.address) if dlt645 else ("unit", meter.unit)
        first = taken.setdefault((meter.port, what), index)
        if first != index and what:
            yield (
                f'{where}.{key}: {what} on port "{meter.port}" is taken by evse[{first}]; '
                f"two meters on one line need two {'addresses' if dlt645 else 'unit numbers'}"
            )


def _dlt645(site: Site, where: str, meter: MeterWiring, board: Board | None) -> Iterator[str]:
    alone = sum(other.meter.port == meter.port for other in site.evse) == 1
    if not meter.address and not alone:
        yield f"{where}.address: missing; several meters share the line, write the twelve digits on its plate"
    if board is not None and meter.port in board.tcp:
        yield f'{where}.port: "{meter.port}" is a TCP port, and DL/T 645 is spoken on serial lines only'
