"""Power as it is drawn and cost as it is sealed, over the newest charge."""

from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from sim.page.moment import Lookout, Moment
from sim.page.words import local_time, money, stamp_ms

INK, MUTED, LINE = "#1e2a2e", "#7a8582", "#e9e5da"
TEAL, SEAL = "#0f7b6c", "#c5402e"
IDLE_SHOWN_MS = 8 * 60_000
"""How much of the past is drawn before a charge and beside it, in billing time at 60×."""


class Chart:
    """One tab's chart with its two figures."""

    def __init__(self, lookout: Lookout, zone: ZoneInfo, currency: str) -> None:
        self._lookout, self._zone, self._currency = lookout, zone, currency
        self._shown: Any = None
        with ui.element("div").classes("figures"):
            self._power = _figure("Power", "power")
            self._energy = _figure("Energy", "energy")
            self._cost = _figure("Cost, sealed", "cost")
        self._chart = ui.echart(_options(currency)).classes("chart")

    def show(self, now: Moment) -> None:
        """Bring curve and figures up to date."""
        watts = float(now.board.get("watts", 0)) if now.board.get("contactor_closed") else 0.0
        self._power.set_text(f"{watts / 1000:.2f} kW")
        last = now.minutes[-1] if now.minutes else None
        self._energy.set_text(f"{float(last['energy_wh']) / 1000:.3f} kWh" if last else "–")
        self._cost.set_text(money(last["cost"], self._currency) if last else "–")
        power, cost = self._curves(now)
        shown = (power[-1:], len(power), len(cost))
        if shown != self._shown:
            self._shown = shown
            series = [{"data": power}, {"data": cost}]
            self._chart.run_chart_method("setOption", {"series": series})

    def _curves(self, now: Moment) -> tuple[list[list[Any]], list[list[Any]]]:
        cost = [[stamp_ms(minute["at"]), float(minute["cost"])] for minute in now.minutes]
        margin = IDLE_SHOWN_MS * self._lookout.bench.options.speed // 60
        since = (cost[0][0] if cost else now.billing_utc_ms) - margin // 4
        until = cost[-1][0] + margin if now.receipt and cost else now.billing_utc_ms
        power = [[at, round(watts / 1000, 3)] for at, watts in self._lookout.power if since <= at <= until]
        return [self._local(point) for point in power], [self._local(point) for point in cost]

    def _local(self, point: list[Any]) -> list[Any]:
        """The chart draws wall time without a zone, so that a browser anywhere shows the charger's hours."""
        return [local_time(point[0], self._zone).strftime("%Y-%m-%dT%H:%M:%S"), point[1]]


def _figure(name: str, test_id: str) -> ui.label:
    with ui.element("div").classes(f"figure {test_id}"):
        ui.label(name).classes("quiet")
        return ui.label("–").classes("value").props(f'data-testid="{test_id}"')


def _options(currency: str) -> dict[str, Any]:
    text = {"color": MUTED, "fontSize": 11, "fontFamily": "Roboto"}
    axis = {"axisLabel": text, "nameTextStyle": text, "splitLine": {"lineStyle": {"color": LINE}}}
    return {
        "animation": False,
        "grid": {"left": 38, "right": 44, "top": 32, "bottom": 22},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time", "minInterval": 60_000,
                  "axisLabel": {**text, "hideOverlap": True, "formatter": "{HH}:{mm}"},
                  "axisLine": {"lineStyle": {"color": LINE}}, "axisTick": {"show": False}},
        "yAxis": [
            {**axis, "type": "value", "name": "kW", "min": 0, "minInterval": 1},
            {**axis, "type": "value", "name": money("", currency).strip(), "min": 0,
             "splitLine": {"show": False}},
        ],
        "series": [
            {"name": "power, kW", "type": "line", "showSymbol": False, "data": [], "color": TEAL,
             "lineStyle": {"width": 2}, "areaStyle": {"opacity": 0.13}},
            {"name": f"cost, {currency}", "type": "line", "yAxisIndex": 1, "symbolSize": 4, "data": [],
             "showSymbol": True, "showAllSymbol": True, "color": SEAL, "lineStyle": {"width": 1.6}},
        ],
    }  # fmt: skip
