"""Numbers, shares, durations and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

NOT_KNOWN = "n/a"


def number(value: float | None, digits: int = 0) -> str:
    """1234567 → “1,234,567”."""
    return NOT_KNOWN if value is None else f"{value:,.{digits}f}"


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun: “1 product”, “3,332 products”."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def percent(share: float | None, digits: int = 0) -> str:
    """0.125 → “12%”, or “12.5%” with one digit."""
    return NOT_KNOWN if share is None else f"{share:.{digits}%}"


def duration(seconds: float | None) -> str:
    """90 → “1 min 30 s”; 5000 → “1 h 23 min”."""
    if seconds is None:
        return NOT_KNOWN
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def date(moment: datetime) -> str:
    """“1 Aug 2011”, of the moment's own day."""
    return f"{moment.day} {moment:%b %Y}"


def clock(utc: datetime, *, zone: tzinfo | None = None) -> str:
    """A moment to the second in the browser's time, which doesn't change as time goes on: “3 Aug 2026, 10:15:02”."""
    local = utc.astimezone(zone or _browser_zone())
    return f"{date(local)}, {local:%H:%M:%S}"


def moment(utc: datetime, *, zone: tzinfo | None = None, now: datetime | None = None) -> str:
    """A moment in the browser's time: “just now”, “12 min ago”, “today, 14:05”, “yesterday, 09:12”, “3 Aug, 10:15”."""
    here = zone or _browser_zone()
    now = (now or datetime.now(UTC)).astimezone(here)
    local = utc.astimezone(here)
    since = now - local
    if timedelta(0) <= since < timedelta(minutes=1):
        return "just now"
    if timedelta(0) <= since < timedelta(hours=1):
        return f"{int(since.total_seconds() // 60)} min ago"
    days = (now.date() - local.date()).days
    if days in (0, 1):
        return f"{'yesterday' if days else 'today'}, {local:%H:%M}"
    year = "" if local.year == now.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def _browser_zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
