"""Frames come out as they went in, however the bytes are cut; garbage ends in FloodError only."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.isolation import Line
from autograder.isolation.frames import (
    DATA,
    STEP_BEGINS,
    STEP_ENDS,
    Decoder,
    FloodError,
    Frame,
    encode,
)


def _frame(kind: int, name: str, data: bytes) -> Frame:
    assert kind in (DATA, STEP_BEGINS, STEP_ENDS)
    return Frame(kind, name, data)  # type: ignore[arg-type]


frames = st.builds(
    _frame,
    kind=st.sampled_from([DATA, STEP_BEGINS, STEP_ENDS]),
    name=st.text(max_size=100),
    data=st.binary(max_size=300),
)


def _bytes(sent: list[Frame]) -> bytes:
    return b"".join(encode(f.kind, f.name, len(f.data)) + f.data for f in sent)


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    starts = [0, *ends]
    return [data[a:b] for a, b in zip(starts, ends, strict=False)]


def _decode(chunks: list[bytes], limit: int) -> tuple[list[Frame], bool]:
    """What came out, and whether it ended in a FloodError."""
    decoder, found = Decoder(limit), []
    try:
        for chunk in chunks:
            for frame in decoder.feed(chunk):
                found.append(frame)
    except FloodError:
        return found, True
    return found, False


@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 10_000), max_size=8))
def test_frames_come_out_as_they_went_in(sent: list[Frame], places: list[int]) -> None:
    """However the stream is cut, and when it is exactly as long as may be."""
    data = _bytes(sent)
    assert _decode(_cut(data, places), limit=len(data)) == (sent, False)


@given(st.lists(frames, min_size=1, max_size=8), st.lists(st.integers(0, 10_000), max_size=8))
def test_what_came_before_the_limit_stays(sent: list[Frame], places: list[int]) -> None:
    """One byte too many costs the last frame, whatever the cutting."""
    data = _bytes(sent)
    assert _decode(_cut(data, places), limit=len(data) - 1) == (sent[:-1], True)


@given(
    st.lists(frames, max_size=5), st.integers(4, 255), st.lists(st.integers(0, 10_000), max_size=8)
)
def test_what_came_before_a_malformed_frame_stays(
    sent: list[Frame], kind: int, places: list[int]
) -> None:
    """Whether it arrives with them or after them."""
    data = _bytes(sent) + bytes([kind]) + bytes(10)
    assert _decode(_cut(data, places), limit=1 << 20) == (sent, True)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_garbage_raises_nothing_else(data: bytes, places: list[int]) -> None:
    """And comes to the same end however it is cut."""
    assert _decode(_cut(data, places), 1 << 20) == _decode([data], 1 << 20)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes([9]) + bytes(10), "no frame"),
        (encode(DATA, "x", 1 << 40), f"{1 << 40} bytes"),
        (bytes([DATA]) + (600).to_bytes(2, "big") + bytes(8), "no frame"),
        (bytes([DATA]) + (1).to_bytes(2, "big") + bytes(8) + b"\xff", "UTF-8"),
        (bytes(5000), "no frame"),
    ],
)
def test_malformed_frames_are_told_apart(data: bytes, message: str) -> None:
    """The message says what was wrong."""
    with pytest.raises(FloodError, match=message):
        list(Decoder(4096).feed(data))


def test_a_name_that_the_other_end_would_refuse_is_not_sent() -> None:
    """The sender learns it, not the receiver."""
    with pytest.raises(ValueError, match="600 bytes"):
        encode(DATA, "n" * 600, 0)


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=200), max_size=5))
def test_a_parcel_arrives_whole(parcel: dict[str, bytes]) -> None:
    """Line.parcel returns all that was sent before the sender hung up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for name, data in parcel.items():
            theirs.sendall(encode(DATA, name, len(data)) + data)
        theirs.shutdown(socket.SHUT_WR)
        assert Line(ours).parcel() == parcel


def test_what_a_line_sends_can_be_read() -> None:
    """Data and steps, in order; and interrupts pass only within a step."""
    ours, theirs = socket.socketpair()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    try:
        with ours, theirs:
            line = Line(ours)
            line.begin_step("one")
            within = signal.pthread_sigmask(signal.SIG_BLOCK, set())
            line.send("piece", b"data")
            line.end_step("one")
            after = signal.pthread_sigmask(signal.SIG_BLOCK, set())
            found = list(Decoder(1000).feed(theirs.recv(1000)))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert found == [
        _frame(STEP_BEGINS, "one", b""),
        _frame(DATA, "piece", b"data"),
        _frame(STEP_ENDS, "one", b""),
    ]
    assert signal.SIGINT not in within
    assert signal.SIGINT in after


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that a shell started in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_does_not_cut_a_frame_in_two() -> None:
    """It waits until the whole frame is on its way."""
    ours, theirs = socket.socketpair()
    data = bytes(1 << 20)
    received = bytearray()

    def interrupt_and_read() -> None:
        received.extend(theirs.recv(100))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while chunk := theirs.recv(1 << 16):
            received.extend(chunk)

    reader = threading.Thread(target=interrupt_and_read)
    with theirs:
        with ours:
            reader.start()
            with pytest.raises(KeyboardInterrupt):
                Line(ours).send("piece", data)
        reader.join()
    assert list(Decoder(2 << 20).feed(bytes(received))) == [_frame(DATA, "piece", data)]
