"""Numbers written for people, and the round numbers of an axis."""

import math

_STEPS = (1, 2, 2.5, 5, 10)


def nice_ticks(most: int, wanted: int = 4) -> list[int]:
    """Choose round numbers from 0 to ``most`` or more, in ``wanted`` steps at most; they are whole."""
    power = 10.0 ** math.floor(math.log10(max(most, 1) / wanted)) if most > wanted else 1.0
    step = (
        next(
            power * factor
            for factor in _STEPS
            if power * factor * wanted >= most and (power * factor).is_integer()
        )
        if most
        else 1
    )
    return [round(step * number) for number in range(max(1, math.ceil(most / step)) + 1)]


def nice_step(least: float) -> float:
    """Return 1, 2 or 5 times a power of ten: the smallest such number that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)


def decimal_ticks(most: float, wanted: int = 5) -> list[float]:
    """Choose round numbers from 0 to ``most`` or more, in about ``wanted`` steps; they may be fractions."""
    step = nice_step((most if most > 0 else 1.0) / wanted)
    return [step * number for number in range(max(1, math.ceil(most / step * 0.999)) + 1)]


def short(number: int) -> str:
    """Write a count for an axis: ``950``, ``2.5k``, ``12M``."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(number)


def count(number: float) -> str:
    """Write a number with a comma between thousands; a fraction keeps one decimal."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def percent(share: float) -> str:
    """Write a share; one that is not 0 is never written as 0 %, and one below 1 never as 100 %."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    if 0.9995 <= share < 1:
        return ">99.9 %"
    return f"{100 * share:,.1f} %"


def signed_percent(growth: float) -> str:
    """Write a growth with its sign, a typographic minus; no change is ``±0 %``."""
    if abs(growth) < 0.0005:
        return "±0 %"
    return f"{'+' if growth > 0 else '−'}{abs(100 * growth):,.1f} %"  # noqa: RUF001 - a minus is meant
