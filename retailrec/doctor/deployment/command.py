"""``retailrec doctor --before-deploy``."""

from collections.abc import Iterable

from retailrec.client.paths import REPOSITORY, need_repository
from retailrec.client.place import Place, chosen
from retailrec.client.sessions import aws_session, client, region_of_sam
from retailrec.doctor.report import report


def before_deploy(name: str | None, environment: str, parameters: Iterable[str], as_json: bool) -> None:
    """Check what a deployment needs; exit with 1 if anything would stop it, or its first run."""
    need_repository()
    from retailrec.doctor.deployment import before, plan
    from retailrec.image.tag import content_tag

    planned = plan.read_plan(name, environment, parameters)
    # As `sam deploy` does: its options, else samconfig.toml, else the environment.
    named = Place(chosen().region or planned.region, chosen().profile or planned.profile)
    session = aws_session(named)
    findings = before.examine(
        planned,
        lambda service: client(session, service, None),
        session.region_name,
        region_of_sam(Place(planned.region, named.profile)),
        lambda: content_tag(REPOSITORY / "algorithm"),
    )
    report(findings, as_json)
