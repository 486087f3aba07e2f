"""How a dataset is prepared."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prepare_dataset.table.columns import Headers

if TYPE_CHECKING:
    from prepare_dataset.increments.append import OtherUploads
    from prepare_dataset.report.difference import Origin
    from retailrec_shared.core.settings import Profile, SplitRule


@dataclass(frozen=True)
class Options:
    """The configuration of a run, and the uploads and the earlier run that its dataset belongs to.

    ``others`` are the kept lines of other uploads that the file is merged with. ``origin`` names the run in
    the report, and the previous run to compare it with.
    """

    profile: "Profile"
    split: "SplitRule"
    top_n: int
    exclude_purchased: bool = True
    headers: Headers = field(default_factory=dict)
    others: "OtherUploads | None" = None
    origin: "Origin | None" = None
