"""Every word on the display, in both languages."""

import dataclasses
import string

import pytest

from firmware.screens.texts import EN, REASONS, ZH, Words

OCPP_REASONS = [
    "DeAuthorized", "EmergencyStop", "EnergyLimitReached", "EVDisconnected", "GroundFault", "ImmediateReset",
    "MasterPass", "Local", "LocalOutOfCredit", "Other", "OvercurrentFault", "PowerLoss", "PowerQuality",
    "Reboot", "Remote", "ReqEnergyTransferRejected", "SOCLimitReached", "StoppedByEV", "TimeLimitReached",
    "Timeout",
]  # fmt: skip
"""OCPP 2.1 part 2 appendix, ReasonEnumType."""


def sentences(words: Words) -> dict[str, str]:
    flat: dict[str, str] = {}
    for field in dataclasses.fields(words):
        value = getattr(words, field.name)
        values = value if isinstance(value, tuple) else (value,)
        flat |= {f"{field.name}.{number}": text for number, text in enumerate(values)}
    return flat


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_both_languages_say_everything() -> None:
    assert sentences(ZH).keys() == sentences(EN).keys()
    assert all(text.strip() for words in (ZH, EN) for text in sentences(words).values())


@pytest.mark.parametrize("key", sentences(ZH))
def test_chinese_is_chinese_english_is_english_and_both_fill_in_the_same(key: str) -> None:
    zh, en = sentences(ZH)[key], sentences(EN)[key]
    assert is_chinese(zh)
    assert not is_chinese(en)
    assert blanks(zh) == blanks(en)


@pytest.mark.parametrize("reason", [*OCPP_REASONS, "CostLimitReached", "MeterSilent"])
def test_every_reason_to_stop_has_words(reason: str) -> None:
    zh, en = REASONS[reason]
    assert is_chinese(zh)
    assert en
    assert not is_chinese(en)
