"""The driver's view as a picture, judged by what a driver would notice."""

import itertools
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxingcpp import read_barcodes

from config.schema import Operator
from firmware.core.customer_view import CustomerView, Screen
from firmware.core.faults import CATALOGUE
from firmware.screens.elements import Box
from firmware.screens.glyphs import Glyphs
from firmware.screens.renderer import Renderer
from firmware.screens.rgb565 import from_rgb565
from firmware.screens.texts import NOTES, pick
from tests.screens.views import CHU, TYPICAL, URL, WORDY, any_view, decoded, differs, misplaced

Language = Literal["zh", "en"]
PICTURE = Box(0, 0, 800, 480)
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
SCREENS = pytest.mark.parametrize("screen", Screen, ids=lambda screen: screen.name)
CHARGING = TYPICAL[Screen.CHARGING]
RECEIPT = TYPICAL[Screen.RECEIPT]


def chu(language: Language = "zh", width: int = 800, height: int = 480, evses: int = 1) -> Renderer:
    return Renderer(CHU, "3", language, "CNY", width, height, evses=evses)


def words(view: CustomerView, language: Language = "zh", evses: int = 1) -> list[str]:
    return [run.text for run in chu(language, evses=evses).runs(view)]


@LANGUAGES
@SCREENS
def test_every_text_has_room_of_its_own(screen: Screen, language: Language) -> None:
    for online, evses in itertools.product((True, False), (1, 2)):
        renderer = Renderer(CHU, "3", language, "CNY", evses=evses)
        view = TYPICAL[screen]._replace(online=online)
        assert list(misplaced(renderer, view, PICTURE)) == []


@LANGUAGES
@SCREENS
def test_the_ink_of_a_text_stays_in_its_room(screen: Screen, language: Language) -> None:
    glyphs = Glyphs()
    for run in chu(language).runs(TYPICAL[screen]):
        for character in run.text.replace(" ", ""):
            glyph = glyphs.get(character, run.size, run.bold)
            ink = glyph.mask.getbbox()
            assert ink
            assert run.box.y <= run.baseline + glyph.top + ink[1], character
            assert run.baseline + glyph.top + ink[3] <= run.box.bottom, character


@LANGUAGES
@SCREENS
def test_nothing_is_cut_off_or_shrunk_to_the_unreadable(screen: Screen, language: Language) -> None:
    for run in chu(language).runs(TYPICAL[screen]):
        assert "…" not in run.text or run.text == "结算中…"
        assert run.size >= 18


@LANGUAGES
@SCREENS
def test_a_wordy_operator_still_fits(screen: Screen, language: Language) -> None:
    renderer = Renderer(
        WORDY, "B2-0017 东侧", language, "CNY", evses=2, prices="峰 1.45 平 0.95 谷 0.65 元/度" * 3
    )
    assert list(misplaced(renderer, TYPICAL[screen]._replace(online=False), PICTURE)) == []


@LANGUAGES
def test_no_two_screens_look_alike(language: Language) -> None:
    renderer = chu(language)
    pictures = {screen: renderer.draw(view) for screen, view in TYPICAL.items()}
    assert set(pictures) == set(Screen)
    for one, other in itertools.combinations(pictures.values(), 2):
        assert differs(one, other)


@SCREENS
def test_the_languages_differ(screen: Screen) -> None:
    assert differs(chu("zh").draw(TYPICAL[screen]), chu("en").draw(TYPICAL[screen]))


@LANGUAGES
def test_a_phone_reads_the_code_off_the_display(language: Language) -> None:
    renderer = chu(language)
    shown = from_rgb565(renderer.rgb565(TYPICAL[Screen.SCAN]), 800, 480)
    assert decoded(shown) == [URL]


@pytest.mark.parametrize(("width", "height"), [(480, 272), (1024, 600), (1280, 800), (480, 800)])
def test_other_displays_show_the_same_picture_in_their_size(width: int, height: int) -> None:
    renderer = chu(width=width, height=height)
    for view in TYPICAL.values():
        assert renderer.draw(view).size == (width, height)
        assert list(misplaced(renderer, view, Box(0, 0, width, height))) == []
    assert decoded(from_rgb565(renderer.rgb565(TYPICAL[Screen.SCAN]), width, height)) == [URL]


def test_the_code_is_large_and_has_its_quiet_zone() -> None:
    (found,) = read_barcodes(chu().draw(TYPICAL[Screen.SCAN]))
    (corner, end) = (found.position.top_left, found.position.bottom_right)
    size = end.x - corner.x
    module = size // 33
    assert size > 260
    around = Box(corner.x - 4 * module, corner.y - 4 * module, size + 8 * module, size + 8 * module)
    picture = chu().draw(TYPICAL[Screen.SCAN])
    picture.paste((255, 255, 255), (corner.x, corner.y, end.x + 1, end.y + 1))
    colours = picture.crop((around.x, around.y, around.right, around.bottom)).getcolors()
    assert colours is not None
    assert [colour for _, colour in colours] == [(255, 255, 255)]


def test_the_code_changes_with_its_url() -> None:
    renderer = chu()
    renderer.draw(TYPICAL[Screen.SCAN])
    assert decoded(renderer.draw(CustomerView(Screen.SCAN, 1, qr_url=URL + "9"))) == [URL + "9"]


@pytest.mark.parametrize("url", [None, "", "https://pay.example/" + "x" * 3000])
def test_without_a_url_that_fits_there_is_no_code_but_a_word(url: str | None) -> None:
    view = CustomerView(Screen.SCAN, 1, qr_url=url)
    assert decoded(chu().draw(view)) == []
    assert "二维码暂不可用" in words(view)


def test_offline_there_is_no_code_to_pay_into_the_void() -> None:
    view = CustomerView(Screen.SCAN, 1, qr_url=URL, online=False)
    assert decoded(chu().draw(view)) == []
    assert "网络已断开，暂停扫码充电" in words(view)


@SCREENS
def test_offline_is_marked_on_every_screen(screen: Screen) -> None:
    view = TYPICAL[screen]._replace(online=False)
    assert "离线" in words(view)
    assert "离线" not in words(TYPICAL[screen])


def test_the_operator_is_named_in_the_language_of_the_display() -> None:
    assert "楚氏充电" in words(CHARGING, "zh")
    assert "Chu Charging" in words(CHARGING, "en")
    alone = Renderer(Operator(name="楚氏充电"), "", "en", "CNY")
    assert "楚氏充电" in [run.text for run in alone.runs(CHARGING)]


def test_the_connector_is_named_only_where_there_are_several() -> None:
    assert "3 号桩" in words(CHARGING)
    assert "3 号桩 · 1 号枪" in words(CHARGING, evses=2)
    assert "Charger 3 · Connector 2" in words(CHARGING._replace(evse=2), "en", evses=2)


def test_charging_shows_power_energy_cost_and_both_times() -> None:
    assert {"7.2", "kW", "2.03", "kWh", "¥2.95", "00:43:00", "00:17:00", "已付 60 分钟"} <= set(
        words(CHARGING)
    )


def test_only_the_remaining_time_changes_when_a_second_passes() -> None:
    renderer = chu()
    before = renderer.draw(CHARGING)
    after = renderer.draw(CHARGING._replace(remaining_ms=42 * 60_000 + 59_000))
    changed = differs(before, after)
    assert changed
    (time,) = (run for run in renderer.runs(CHARGING) if run.text == "00:43:00")
    assert time.box.contains(changed)


def test_the_ring_fills_with_what_was_paid_and_used() -> None:
    by_amount = CHARGING._replace(paid_time_ms=None, paid_cost_e4=100_000)
    renderer = chu()
    green = []
    for cost_e4 in (0, 30_000, 60_000, 100_000):
        picture = renderer.draw(by_amount._replace(cost_e4=cost_e4))
        green.append(
            sum(count for count, colour in picture.getcolors(1 << 24) or () if colour == (0, 150, 100))
        )
    assert green == sorted(green)
    assert len(set(green)) == 4


def test_an_amount_has_an_estimated_time_left() -> None:
    by_amount = CHARGING._replace(paid_time_ms=None, paid_cost_e4=100_000)
    assert {"预计剩余", "00:43:00", "已付 ¥10.00"} <= set(words(by_amount))
    assert {"--:--:--", "估算中"} <= set(words(by_amount._replace(remaining_ms=None)))


def test_the_receipt_says_what_was_charged_for_what_and_why_it_ended() -> None:
    assert {"已扣款", "¥15.00", "10.35", "01:00:00", "已达到购买时长", "已结算"} <= set(words(RECEIPT))
    assert {"Charged", "¥15.00", "Paid time used up", "Settled"} <= set(words(RECEIPT, "en"))


def test_a_receipt_claims_nothing_before_it_is_settled() -> None:
    waiting = RECEIPT._replace(settled=False)
    assert {"本次费用", "¥15.00", "结算中…"} <= set(words(waiting))
    assert "已扣款" not in words(waiting)
    assert "联网后结算" in words(waiting._replace(online=False))


def test_who_did_not_plug_in_pays_nothing() -> None:
    view = CustomerView(
        Screen.RECEIPT, 1, energy_dwh=0, elapsed_ms=0, bill_minor=0, settled=True, stopped_reason="Timeout"
    )
    assert {"未充电", "未产生费用", "¥0.00", "超时未插枪"} <= set(words(view))
    assert "已扣款" not in words(view)


def test_an_unknown_reason_is_another_reason() -> None:
    assert "其他原因" in words(RECEIPT._replace(stopped_reason="SomethingNew"))
    assert "其他原因" in words(RECEIPT._replace(stopped_reason=None))


def test_out_of_service_says_what_is_wrong_what_to_do_and_whom_to_call() -> None:
    lines = words(TYPICAL[Screen.OUT_OF_SERVICE])
    assert {"暂停服务", "请使用其他充电桩，或联系客服", "客服热线 400-000-0003", "本次费用 ¥2.95"} <= set(
        lines
    )
    assert any(line.startswith("故障代码") and line.endswith("MeterSilent") for line in lines)
    assert any(line.startswith("维护提示") for line in lines)


@LANGUAGES
@pytest.mark.parametrize("fault", CATALOGUE)
def test_every_fault_of_the_catalogue_fits(fault: str, language: Language) -> None:
    view = CustomerView(Screen.OUT_OF_SERVICE, 1, fault=fault, bill_minor=123456)
    runs = chu(language).runs(view)
    assert list(misplaced(chu(language), view, PICTURE)) == []
    assert all(run.size >= 18 and "…" not in run.text for run in runs)


def test_a_fault_that_the_catalogue_does_not_know_is_shown_by_its_name() -> None:
    lines = words(CustomerView(Screen.OUT_OF_SERVICE, 1, fault="FluxCapacitor"), "en")
    assert {"Out of service", "FluxCapacitor", "Fault code FluxCapacitor"} <= set(lines)


@LANGUAGES
@pytest.mark.parametrize("screen", [Screen.WAITING, Screen.PAUSED, Screen.CHARGING])
@pytest.mark.parametrize("note", NOTES)
def test_a_driver_reads_why_it_is_slow_or_does_not_begin(
    screen: Screen, note: str, language: Language
) -> None:
    view = TYPICAL[screen]._replace(note=note)
    runs = chu(language).runs(view)
    assert pick(NOTES[note], language).replace(" ", "") in "".join(run.text for run in runs).replace(" ", "")
    assert list(misplaced(chu(language), view, PICTURE)) == []


def test_another_currency() -> None:
    renderer = Renderer(CHU, "3", "en", "EUR")
    assert "€15.00" in [run.text for run in renderer.runs(RECEIPT)]


RENDERERS = {language: chu(language) for language in ("zh", "en")}


@settings(max_examples=120, deadline=None)
@given(any_view, st.sampled_from(["zh", "en"]))
def test_no_view_is_too_much(view: CustomerView, language: Language) -> None:
    renderer = RENDERERS[language]
    assert list(misplaced(renderer, view, PICTURE)) == []
    assert len(renderer.rgb565(view)) == 800 * 480 * 2


@settings(max_examples=25, deadline=None)
@given(st.lists(any_view | st.sampled_from(list(TYPICAL.values())), min_size=2, max_size=4))
def test_a_picture_is_the_same_whatever_was_shown_before(views: list[CustomerView]) -> None:
    renderer = RENDERERS["zh"]
    for view in views:
        shown = renderer.rgb565(view)
    assert shown == chu().rgb565(views[-1])


def test_a_figure_that_changes_leaves_no_trace_of_the_one_before() -> None:
    renderer = chu()
    for step in range(60):
        view = CHARGING._replace(
            power_w=step * 371,
            cost_e4=step * 9_973,
            energy_dwh=step * 7_001,
            elapsed_ms=step * 61_000,
        )
        shown = renderer.rgb565(view)
    assert shown == chu().rgb565(view)
