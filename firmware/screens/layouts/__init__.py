"""One layout per screen: the driver's view in, elements out, in the design's 800 × 480 pixels."""

from collections.abc import Callable, Iterator

from firmware.core.customer_view import CustomerView, Screen
from firmware.screens.elements import Element
from firmware.screens.layouts.charging import charging
from firmware.screens.layouts.messages import paused, paying, preparing, starting_up, stopping, waiting
from firmware.screens.layouts.out_of_service import out_of_service
from firmware.screens.layouts.plug_in import plug_in
from firmware.screens.layouts.receipt import receipt
from firmware.screens.layouts.scan import scan
from firmware.screens.station import Station, header

LAYOUTS: dict[Screen, Callable[[Station, CustomerView], Iterator[Element]]] = {
    Screen.STARTING_UP: starting_up,
    Screen.SCAN: scan,
    Screen.PAYING: paying,
    Screen.PREPARING: preparing,
    Screen.PLUG_IN: plug_in,
    Screen.WAITING: waiting,
    Screen.CHARGING: charging,
    Screen.PAUSED: paused,
    Screen.STOPPING: stopping,
    Screen.RECEIPT: receipt,
    Screen.OUT_OF_SERVICE: out_of_service,
}


def lay_out(station: Station, view: CustomerView) -> list[Element]:
    """Return the elements of a view's picture in painting order."""
    return [*header(station, view), *LAYOUTS[view.screen](station, view)]
