"""Providers write moments with 0 to 9 digits, with offsets, as epochs in three units, as numbers or texts."""

from datetime import date, datetime

import pytest

from assets.telemetry.sources.outcomes import RecordError
from assets.telemetry.sources.times import accepted_moment, parse_moment

DAY = date(2026, 3, 1)
at = datetime.fromisoformat


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("2026-03-01T10:00:00Z", at("2026-03-01T10:00:00"), id="no digits"),
        pytest.param("2026-03-01T10:00:00.22Z", at("2026-03-01T10:00:00.220000"), id="2 digits"),
        pytest.param("2026-03-01T10:00:00.0000000Z", at("2026-03-01T10:00:00"), id="7 digits"),
        pytest.param("2026-03-01T10:00:00.51815878Z", at("2026-03-01T10:00:00.518158"), id="8 digits"),
        pytest.param(
            "2026-03-01T10:00:55.65858791Z",
            at("2026-03-01T10:00:55.658587"),
            id="a trailing zero dropped",
        ),
        pytest.param("2026-03-01T10:00:00.277945575Z", at("2026-03-01T10:00:00.277945"), id="9 digits"),
        pytest.param(
            "2026-03-01T10:00:00.999999999Z",
            at("2026-03-01T10:00:00.999999"),
            id="digits are cut off, not rounded",
        ),
        pytest.param("2023-06-03T17:19:38.068000+00:00", at("2023-06-03T17:19:38.068000"), id="offset zero"),
        pytest.param("2026-03-01T00:30:00+02:00", at("2026-02-28T22:30:00"), id="an offset across midnight"),
        pytest.param(1527535003.208, at("2018-05-28T19:16:43.208000"), id="epoch with a fraction"),
        pytest.param("1527535003.208", at("2018-05-28T19:16:43.208000"), id="the same as a text"),
        pytest.param(1795100000.2080002, at("2026-11-19T14:53:20.208000"), id="digits of an epoch are cut off, too"),
        pytest.param("1527535003.000001999", at("2018-05-28T19:16:43.000001"), id="nine digits of an epoch"),
        pytest.param(-1.5, at("1969-12-31T23:59:58.500000"), id="before the epoch"),
        pytest.param(1.5e-05, at("1970-01-01T00:00:00.000015"), id="with an exponent, as a number"),
        pytest.param(1527535003208.5, at("2018-05-28T19:16:43.208500"), id="milliseconds with a fraction"),
        pytest.param(1772359200, at("2026-03-01T10:00:00"), id="epoch seconds"),
        pytest.param(1772359200123, at("2026-03-01T10:00:00.123000"), id="epoch milliseconds"),
        pytest.param("1772359200123", at("2026-03-01T10:00:00.123000"), id="milliseconds as a text"),
        pytest.param("1772359200123456789", at("2026-03-01T10:00:00.123456"), id="nanoseconds as a text"),
    ],
)
def test_a_moment_is_read_to_the_microsecond_in_utc(written, expected):
    assert parse_moment(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2026-03-01T10:00:00", id="a time without an offset is not assumed to be UTC"),
        pytest.param("2026-03-01T10:00:60Z", id="second 60"),
        pytest.param("2026-02-29T10:00:00Z", id="a day that does not exist"),
        pytest.param("2026-03-01T10:00:00+24:00", id="an offset of a day"),
        pytest.param("2026-03-01 10:00:00Z", id="a blank in place of T"),
        pytest.param("2026-03-01", id="a date"),
        pytest.param("٢٠٢٦-03-01T10:00:00Z", id="digits of another script"),
        pytest.param("1e9", id="a number with an exponent, as a text"),
        pytest.param("", id="nothing"),
        pytest.param(True, id="a boolean"),
        pytest.param(None, id="null"),
        pytest.param([1772359200], id="a list"),
        pytest.param(1e300, id="a number past every calendar"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(-(10**400), id="a number of hundreds of digits"),
        pytest.param("9999-12-31T23:59:59-01:00", id="an offset past the calendar"),
    ],
)
def test_what_states_no_moment_is_none(written):
    assert parse_moment(written) is None
    with pytest.raises(RecordError, match="invalid_time"):
        accepted_moment(written, delivery_day=DAY)


@pytest.mark.parametrize(
    ("written", "is_accepted"),
    [
        pytest.param("2014-06-05T23:59:59.999999Z", False, id="before Kubernetes"),
        pytest.param("2014-06-06T00:00:00Z", True, id="the first day of Kubernetes"),
        pytest.param("2026-03-04T00:00:00Z", True, id="48 h after the end of the delivery day"),
        pytest.param("2026-03-04T00:00:00.000001Z", False, id="more than 48 h after it"),
        pytest.param(0, False, id="the epoch itself"),
    ],
)
def test_a_moment_is_accepted_when_the_delivery_can_speak_of_it(written, is_accepted):
    if is_accepted:
        assert accepted_moment(written, delivery_day=DAY) == parse_moment(written)
    else:
        with pytest.raises(RecordError, match="time_out_of_range"):
            accepted_moment(written, delivery_day=DAY)
