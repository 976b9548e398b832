"""What `hal.linux.probe` does not try: serial lines, and who may open the devices that the file names."""

import contextlib
import fcntl
import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from config.schema import Board, SerialPort
from config.shape import joined
from firmware.board.finding import Finding
from hal.coprocessor.port import SerialPort as OpenPort
from hal.ports import BoardLostError

_TIOCGRS485 = 0x542E
"""Reads the kernel's RS-485 mode (linux/serial.h); nothing is changed by it."""


def serial_lines(board: Board) -> Iterator[Finding]:
    """Open and close each serial line, at its speed."""
    for name, port in board.serial.items():
        where = joined("serial", name)
        try:
            opened = OpenPort(port.device, port.baudrate)
        except (BoardLostError, ValueError) as error:
            yield Finding(where, False, f"{error}{_may_not_open(port.device)}")
            continue
        with contextlib.closing(opened):
            yield _opened(where, port, opened.fileno())


def serial_states(board: Board) -> Iterator[str]:
    """Yield a line for each serial line: whether its device is there. Opening it would move its RTS line."""
    for name, port in board.serial.items():
        state = "there" if Path(port.device).exists() else "not there"
        yield f"{joined('serial', name)}  {port.device}  {state}"


def permissions(board: Board) -> Iterator[Finding]:
    """Yield the devices that are there and that this user may not open: once each, with the group to join."""
    for device in sorted(_devices(board)):
        if advice := _may_not_open(device):
            yield Finding(device, False, "permission denied" + advice)


def _opened(where: str, port: SerialPort, descriptor: int) -> Finding:
    settings = f"{port.device}, {port.baudrate} baud, 8{port.parity}{port.stopbits}"
    if port.rs485 is None:
        return Finding(where, True, f"{settings}: opened and closed")
    try:
        fcntl.ioctl(descriptor, _TIOCGRS485, bytes(32))
    except OSError:
        return Finding(
            f"{where}.rs485",
            False,
            f"the driver of {port.device} has no RS-485 mode; take a transceiver that turns by itself and "
            "remove the table, or another port",
        )
    return Finding(where, True, f"{settings}, RS-485 by the kernel: opened and closed")


def _devices(board: Board) -> set[str]:
    """Return the paths under /dev that the file names."""
    named = {line.chip for table in (board.outputs, board.inputs) for line in table.values()}
    named |= {part.device for part in board.coprocessors.values()}
    named |= {part.device for part in (board.watchdog, board.rtc, board.display) if part is not None}
    return {name if name.startswith("/") else f"/dev/{name}" for name in named}


def _may_not_open(device: str) -> str:
    """Return what to do when the device is there and this user may not open it; else nothing."""
    try:
        group = Path(device).stat().st_gid
    except OSError:
        return ""
    if os.access(device, os.R_OK | os.W_OK):
        return ""
    user = pwd.getpwuid(os.geteuid()).pw_name
    try:
        name = grp.getgrgid(group).gr_name
    except KeyError:
        return f'; it belongs to group {group}, and "{user}" is not in it'
    if name == "root" or group in os.getgroups():
        return f"; only root may open {Path(device).name}: a udev rule can give it to a group"
    join = f"sudo usermod -aG {name} {user}, then log in again"
    return f'; it belongs to group "{name}", and "{user}" is not in it: {join}'
