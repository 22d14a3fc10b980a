from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recsys_core.ui.numbers import counted, date, duration, moment, number, percent

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_counts_and_shares():
    assert number(1234567) == "1,234,567"
    assert number(0.12345, 3) == "0.123"
    assert number(None) == "n/a"
    assert (counted(1, "product"), counted(3332, "product")) == ("1 product", "3,332 products")
    assert counted(2, "launch", "launches") == "2 launches"
    assert (percent(0.125), percent(0.125, 1), percent(None)) == ("12%", "12.5%", "n/a")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "0 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (5000, "1 h 23 min"),
        (None, "n/a"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=2), "today, 11:00"),
        (timedelta(hours=20), "yesterday, 17:00"),
        (timedelta(days=10), "22 Feb, 13:00"),
        (timedelta(days=100), "24 Nov 2025, 13:00"),
        (timedelta(minutes=-5), "today, 13:05"),
    ],
)
def test_moments_in_the_reader_s_time(ago, said):
    assert moment(NOW - ago, zone=ZoneInfo("Europe/Berlin"), now=NOW) == said


def test_dates():
    assert date(NOW) == "4 Mar 2026"
