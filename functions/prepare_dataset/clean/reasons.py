"""Why a row may be rejected, and which reasons each cleaning profile has."""

from collections.abc import Mapping

from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core.settings import Profile

# A reason's code is its place here, from 1; 0 is a row that was kept.
ORDER = tuple(RejectReason)
KEPT = 0

PROFILES: Mapping[Profile, frozenset[RejectReason]] = {
    # The published tutorial's own rule, and rows that cannot be an interaction.
    "tutorial": frozenset(
        {
            RejectReason.MALFORMED_ROW,
            RejectReason.MISSING_CUSTOMER,
            RejectReason.MISSING_ITEM,
            RejectReason.INVALID_ID,
            RejectReason.INVALID_DATE,
        }
    ),
    "retail": frozenset(ORDER),
}
