"""Number, duration and date formats, one function per kind of quantity.

Belongs here: how a value is written for a reader, and the promises of that notation (never up to 100 %,
a true minus, counts with thousands commas, English month names whatever the machine's locale).
Does not belong here: which value is shown or what it means; that goes to `scores.py` and `findings.py`.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NARROW = "\u202f"  # narrow no-break space, between a number and its unit
MINUS = "\u2212"
MISSING = "–"
FEWEST_FOR_A_RATE = 30  # below this a rate is not printed, only its counts
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _rounded(value: float, decimals: int) -> Decimal:
    """`value` rounded half away from zero as its shortest decimal reads, so that 0.125 and 2.675 behave."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def count(value: float) -> str:
    """A whole number with thousands commas and a true minus: `1,325`."""
    whole = _rounded(value, 0)
    return (MINUS if whole < 0 else "") + f"{abs(int(whole)):,}"


def amount(value: float, decimals: int) -> str:
    """Like `count`, with a fixed number of decimals: `0.6`. Used for budgets of a few operations."""
    rounded = _rounded(value, decimals)
    return (MINUS if rounded < 0 else "") + f"{abs(rounded):,.{decimals}f}"


def ratio(value: float) -> str:
    """How many times one rate or odds is another: `42.99`; `180` where decimals say nothing."""
    return amount(value, 2 if value < 100 else 0)


def percent_decimals(target: float, *, is_duration: bool = False) -> int:
    """Decimals that make a ratio readable against its target: 1 below 97 %, 2 from 97 %, 3 from 99.9 %."""
    if target >= 0.999:
        return 3
    return 2 if target >= 0.97 or is_duration else 1


def percent(ratio: float, decimals: int) -> str:
    """A ratio as a percentage: `98.88 %`.

    Only exactly 1 prints as 100 % and only exactly 0 as 0 %: 0.99996 is `99.99 %`, 0.00001 is `<0.01 %`.
    """
    step = Decimal(1).scaleb(-decimals)
    exact = Decimal(repr(float(ratio))) * 100
    shown = exact.quantize(step, rounding=ROUND_HALF_UP)
    if shown >= 100 and exact < 100:
        shown = 100 - step
    if shown == 0 and exact > 0:
        return f"<{step}{NARROW}%"
    return f"{MINUS if shown < 0 else ''}{abs(shown):,.{decimals}f}{NARROW}%"


def percent_against(ratio: float, target: float, decimals: int) -> str:
    """`percent`, with as many more decimals as it takes to see on which side of the target the ratio is."""
    exact, goal = Decimal(repr(float(ratio))) * 100, Decimal(repr(float(target))) * 100
    for more in range(4):
        shown = exact.quantize(Decimal(1).scaleb(-decimals - more), rounding=ROUND_HALF_UP)
        if (shown < goal) == (exact < goal):
            return percent(ratio, decimals + more)
    return percent(ratio, decimals + 3)


def target_percent(target: float, *, fewest_decimals: int = 0) -> str:
    """A target as it was written, never rounded: `99 %`, `99.95 %`."""
    return _written(Decimal(repr(float(target))), fewest_decimals)


def budget_percent(target: float) -> str:
    """What a target allows to be bad, never rounded: `1 %` for 0.99."""
    return _written(1 - Decimal(repr(float(target))), 0)


def _written(ratio: Decimal, fewest_decimals: int) -> str:
    exact = (ratio * 100).normalize()
    exponent = exact.as_tuple().exponent
    decimals = max(fewest_decimals, -exponent if isinstance(exponent, int) else 0)
    return f"{exact:.{decimals}f}{NARROW}%"


def interval(low: float, high: float, decimals: int) -> str:
    """Both ends with the same decimals: `98.81 % – 98.93 %`."""
    return f"{percent(low, decimals)} – {percent(high, decimals)}"


def points(difference: float, decimals: int = 2) -> str:
    """A difference of two ratios in percentage points, always signed: `+8.2 pp`, `±0.00 pp`."""
    shown = _rounded(difference * 100, decimals)
    sign = "+" if shown > 0 else MINUS if shown < 0 else "±"
    return f"{sign}{abs(shown):.{decimals}f}{NARROW}pp"


def times(ratio: float) -> str:
    """A multiple: `1.1×`, `13×`. A value near 1 keeps a second decimal and its side: `0.96×`, `0.99×` for 0.998, `1.01×`."""
    if ratio >= 9.95:
        return f"{count(ratio)}×"
    if ratio == 1 or _rounded(ratio, 1) != 1:
        return f"{_rounded(ratio, 1):.1f}×"
    near = _rounded(ratio, 2)
    if near == 1:
        near = Decimal("0.99") if ratio < 1 else Decimal("1.01")
    return f"{near:.2f}×"


def duration(seconds: float | None) -> str:
    """`45 s`, `4.5 min`, `52 min`, `11 h 42 min`, `96 h`; None, a duration that is not known, is `–`."""
    if seconds is None:
        return MISSING
    if seconds < 59.5:
        return f"{count(seconds)}{NARROW}s"
    if seconds < 595:
        shown = f"{_rounded(seconds / 60, 1)}".removesuffix(".0")
        return f"{shown}{NARROW}min"
    minutes = int(_rounded(seconds / 60, 0))
    if minutes < 120:
        return f"{minutes}{NARROW}min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,}{NARROW}h" + (f" {rest}{NARROW}min" if rest else "")


def day(value: date, *, year: bool = True) -> str:
    """`12 Feb 2025`, or `12 Feb` where the year is plain from the context."""
    return f"{value.day} {MONTHS[value.month - 1][:3]}" + (f" {value.year}" if year else "")


def long_day(value: date) -> str:
    """`Wednesday 12 February 2025`."""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """A naive UTC time to the minute, the zone written out: `13 Feb 2025, 02:10 UTC`."""
    return f"{day(value)}, {value:%H:%M} UTC"


def plural(number: float, one: str, many: str | None = None) -> str:
    """`1 slice`, `2 slices`, `1,024 slices`: the count with its noun."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"
