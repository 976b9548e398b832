"""A key's URI: what RFC 7512 allows and a station needs, each mistake with what to write instead."""

from pathlib import Path

import pytest

from config.load import ConfigError
from firmware.signing.pkcs11_uri import KeyUriError, parse
from firmware.site import load_site
from sim.site_files import merged, sample_site, write_toml

MODULE = "module-path=/usr/lib/softhsm/libsofthsm2.so"


def test_all_that_a_site_file_may_say() -> None:
    uri = parse(
        "pkcs11:token=The%20Software%20PKCS%2311;manufacturer=Snake%20Oil;model=1.0;serial=4711;"
        f"object=my-key;id=%00%ffA;type=private?{MODULE}&pin-source=file:/etc/watt%20seal/pin"
    )
    token = uri.token
    assert (token.label, token.manufacturer, token.model, token.serial) == (
        "The Software PKCS#11", "Snake Oil", "1.0", "4711",
    )  # fmt: skip
    assert (uri.object, uri.id) == ("my-key", b"\x00\xffA")
    assert token.module == Path("/usr/lib/softhsm/libsofthsm2.so")
    assert token.pin_source == Path("/etc/watt seal/pin")


def test_a_pin_source_may_be_a_plain_path_and_there_may_be_none() -> None:
    assert parse(f"pkcs11:token=t;object=o?{MODULE}&pin-source=/etc/pin").token.pin_source == Path("/etc/pin")
    assert parse(f"pkcs11:token=t;object=o?{MODULE}").token.pin_source is None


def test_labels_in_chinese_come_as_utf_8() -> None:
    assert parse(f"pkcs11:token=%E6%A1%A9;object=o?{MODULE}").token.label == "桩"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        (f"pkcs11:?{MODULE}", "object= is missing"),
        (f"pkcs11:token=t?{MODULE}", "object= is missing"),
        (f"pkcs11:object=o?{MODULE}", "token= is missing"),
        ("pkcs11:token=t;object=o", "module-path= is missing"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-value=1234", "pin-value= is refused.*pin-source=file:"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-source=|/bin/ask", "must be percent-encoded"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-source=%7C/bin/ask", "pin-source= must be an absolute path"),
        (f"pkcs11:token=t;object=o?{MODULE}&pin-source=pin", "pin-source= must be an absolute path"),
        ("pkcs11:token=t;object=o?module-path=libtpm2.so", "module-path= must be an absolute path"),
        (f"pkcs11:token=t;token=u;object=o?{MODULE}", "token= is there twice"),
        (
            f"pkcs11:tokn=t;object=o?{MODULE}",
            '"tokn" is no attribute that is used before the .*, did you mean "token"',
        ),
        (f"pkcs11:token=a b;object=o?{MODULE}", "token= has no value, or a character"),
        (f"pkcs11:token=;object=o?{MODULE}", "token= has no value"),
        (f"pkcs11:token;object=o?{MODULE}", "token= has no value"),
        (f"pkcs11:token=%4;object=o?{MODULE}", "percent-encoded"),
        (f"pkcs11:token=%ff;object=o?{MODULE}", "token= is not UTF-8"),
        (f"pkcs11:token=桩;object=o?{MODULE}", "percent-encoded"),
        (f"pkcs11:token=t;object=o;type=public?{MODULE}", "type= must be private"),
        (f"pkcs11:token=t;;object=o?{MODULE}", "is no attribute"),
    ],
)
def test_a_wrong_uri_says_what_is_wrong_with_it(uri: str, why: str) -> None:
    with pytest.raises(KeyUriError, match=why):
        parse(uri)


def test_a_site_file_with_a_pin_in_it_is_refused_without_showing_it(tmp_path: Path) -> None:
    key = f"pkcs11:token=t;object=o?{MODULE}&pin-value=987654"
    example = Path(__file__).parents[2] / "config"
    plain = merged(sample_site(), {"signing": {"key": key}})
    site = plain | {name: str(example / plain[name]) for name in ("board", "tariff")}
    write_toml(tmp_path / "site.toml", site)
    with pytest.raises(ConfigError) as caught:
        load_site(tmp_path / "site.toml")
    assert caught.value.problems[0].startswith("site.toml: signing.key: pin-value= is refused")
    assert "987654" not in str(caught.value)
