"""Every kind of ledger entry, with any values that its types allow."""

from hypothesis import strategies as st

from firmware.core.entries import Entry, KeyRotated, UsageRecorded
from firmware.core.tariff import Conditions, Dimension, Price
from firmware.ledger.codec import KINDS

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.integers(-(2**62), 2**62)
conditions = st.builds(
    Conditions,
    st.none() | st.integers(0, 1439),
    st.none() | st.integers(0, 1439),
    st.none() | st.frozensets(st.integers(1, 7)),
    st.none() | number,
    st.none() | number,
)
prices = st.builds(Price, number, number, conditions)
dimensions = st.builds(Dimension, st.lists(prices, max_size=3).map(tuple), number)
st.register_type_strategy(str, text)
st.register_type_strategy(int, number)
st.register_type_strategy(Dimension, dimensions)

sealed: dict[type[object], st.SearchStrategy[Entry]] = {
    UsageRecorded: st.builds(UsageRecorded, payload=st.just(""), ocmf=text.filter(bool)),
    KeyRotated: st.builds(KeyRotated, ocmf=text.filter(bool)),
}
entries: st.SearchStrategy[Entry] = st.one_of(*(sealed.get(kind, st.builds(kind)) for kind in KINDS.values()))
"""Entries as the shell hands them to the ledger: records are sealed."""
