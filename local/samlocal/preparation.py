"""Makes `sam local invoke` and `sam local start-api` work against the cloud that is up."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from local.cloud import deployment
from local.cloud.state import REPOSITORY, Running
from local.containers import engine, network
from local.samlocal import deployed
from local.samlocal.examples import examples
from local.samlocal.template import function_names, with_environment
from local.samlocal.values import Values

if TYPE_CHECKING:
    import boto3

FOLDER = REPOSITORY / "build" / "sam-local"
APPLICATION = "application"


def prepare(state: Running, session: "boto3.Session", folder: Path = FOLDER) -> Path:
    """Build for Lambda, and write the template and the events of this cloud's stack; return the template.

    Raises CloudError when there is no Docker engine, or the build fails.
    """
    engine.ensure()
    deployment.build_for_lambda(state, folder / APPLICATION)
    state = network.open_to_containers(state)
    built = yaml_parse((folder / APPLICATION / "template.yaml").read_text())
    variables = deployed.variables(session, state, dict(function_names(built, state.stack)))
    template = folder / "template.json"
    template.unlink(missing_ok=True)
    template.touch(0o600)  # it holds the functions' credentials
    _write(template, with_environment(built, variables, Path(APPLICATION)))
    write_events(folder / "events", deployed.values(session, state))
    return template


def write_events(folder: Path, values: Values) -> None:
    """Write the example of every event and request, with these values."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, event in examples(values).items():
        _write(folder / f"{name}.json", event)


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
