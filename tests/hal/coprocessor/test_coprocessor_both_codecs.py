"""The host's codec and the simulated coprocessor's, written apart from one page, agree on every byte."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hal.coprocessor.frames import KINDS, Decoder, Message, encode
from sim.coprocessor import wire

CONTENTS = st.sampled_from(sorted(wire.BODY_BYTES)).flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        st.integers(0, 255),
        st.binary(min_size=wire.BODY_BYTES[kind], max_size=wire.BODY_BYTES[kind]),
    )
)
DAMAGE = st.lists(
    st.tuples(st.sampled_from(("change", "lose", "insert")), st.integers(0, 10_000), st.integers(0, 255)),
    max_size=6,
)


def read_by_host(data: bytes) -> tuple[list[wire.Content], int]:
    decoder = Decoder()
    return [(type_of(message), seq, body_of(message)) for seq, message in decoder.feed(data)], decoder.damaged


def type_of(message: Message) -> int:
    return next(number for number, kind in KINDS.items() if kind.message is type(message))


def body_of(message: Message) -> bytes:
    return KINDS[type_of(message)].body.pack(*message)


def read_by_coprocessor(data: bytes) -> tuple[list[wire.Content], int]:
    receiver = wire.Receiver()
    return receiver.take_all(data), receiver.damaged


def damaged(data: bytes, damage: list[tuple[str, int, int]]) -> bytes:
    """Change, lose or insert bytes here and there."""
    out = bytearray(data)
    for how, place, byte in damage:
        at = place % (len(out) or 1)
        match how:
            case "change" if out:
                out[at] = byte
            case "lose" if out:
                del out[at]
            case "insert":
                out.insert(at, byte)
    return bytes(out)


@given(CONTENTS)
def test_one_writes_what_the_other_reads(content: wire.Content) -> None:
    frame = wire.frame(*content)
    assert read_by_host(frame) == ([content], 0)
    (numbered,) = Decoder().feed(frame)
    assert encode(numbered.message, numbered.seq) == frame


@given(st.lists(CONTENTS, max_size=6), DAMAGE)
def test_both_read_the_same_out_of_a_damaged_stream(
    contents: list[wire.Content], damage: list[tuple[str, int, int]]
) -> None:
    data = damaged(b"".join(wire.frame(*content) for content in contents), damage)
    assert read_by_host(data) == read_by_coprocessor(data)


@settings(derandomize=True)  # one damaged frame in 65536 passes its CRC: not on some unlucky day
@given(st.lists(CONTENTS, min_size=1, max_size=6), DAMAGE)
def test_nothing_is_read_out_of_a_damaged_stream_that_was_not_sent(
    contents: list[wire.Content], damage: list[tuple[str, int, int]]
) -> None:
    heard, _ = read_by_host(damaged(b"".join(wire.frame(*content) for content in contents), damage))
    assert all(content in contents for content in heard)
    assert len(heard) >= len(contents) - len(damage)


@given(st.lists(st.binary(max_size=300) | st.lists(st.sampled_from((0, 1, 2, 3)), max_size=90).map(bytes)))
def test_both_read_the_same_out_of_noise(portions: list[bytes]) -> None:
    data = b"".join(portions)
    assert read_by_host(data) == read_by_coprocessor(data)
