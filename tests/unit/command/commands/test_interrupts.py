import os
import signal

import pytest

from retailrec.commands.interrupts import SIGNALS, Interrupts


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_interrupts_and_later_ones_do_not_disturb_the_cleaning_up(
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)
    cleaned = False
    with Interrupts():
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            os.kill(os.getpid(), number)
            cleaned = True
    assert cleaned
    assert signal.getsignal(number) is before


def test_cleaning_up_after_a_failure_is_not_disturbed_either() -> None:
    with Interrupts() as interrupts:
        interrupts.ignore()
        os.kill(os.getpid(), signal.SIGINT)
