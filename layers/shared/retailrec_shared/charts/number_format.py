"""Numbers as people read them, and the round ones that an axis shows."""

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


def short(number: int) -> str:
    """Write a count for an axis: ``950``, ``2.5k``, ``12M``."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(number)


def count(number: float) -> str:
    """Write a whole number with thousands apart; half a number keeps its half."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def percent(share: float) -> str:
    """Write a share; what is not nothing never reads as nothing, and what is not all never as all."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    if 0.9995 <= share < 1:
        return ">99.9 %"
    return f"{100 * share:,.1f} %"


def signed_percent(growth: float) -> str:
    """Write a growth with its sign, a true minus; no change is ``±0 %``."""
    if abs(growth) < 0.0005:
        return "±0 %"
    return f"{'+' if growth > 0 else '−'}{abs(100 * growth):,.1f} %"  # noqa: RUF001 - a minus is meant
