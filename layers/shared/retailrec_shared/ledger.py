"""The ledger: one item per run, moved forward only, by conditional writes.

Beside the runs it keeps a pointer, ``live``: the run that serves. It moves only to
a run of a later upload, which is why an old run can never replace a newer one.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from retailrec_shared import aws
from retailrec_shared.run import Run, now
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage, before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Pointer = Literal["live"]
BY_UPLOAD = "by_upload"

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """DynamoDB takes no floats: numbers travel as text, and pydantic reads them back."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return value


class Ledger:
    """Reads and moves runs in the ledger table; without a client, by the function's own."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        self._table = table
        self._client = client

    @property
    def _dynamodb(self) -> "DynamoDBClient":
        return self._client or aws.dynamodb()

    def open_run(self, run: Run) -> bool:
        """Record a new run; return False when the ledger has it already."""
        item = {
            "pk": f"run#{run.run_id}",
            "kind": "run",
            "upload_order": run.order,
            "status": run.status.value,
            "run": _plain(run.model_dump(mode="json", exclude={"status"}, exclude_none=True)),
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={name: _serialize(value) for name, value in item.items()},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return False
        return True

    def get(self, run_id: str) -> Run | None:
        """Read a run, strongly consistent."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key={"pk": {"S": f"run#{run_id}"}}, ConsistentRead=True
        )
        return Run.load(_read(answer["Item"])) if "Item" in answer else None

    def runs(self, limit: int | None = None) -> Iterator[Run]:
        """Yield the runs, the newest upload first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_UPLOAD,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": "run"}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit} if limit else {},
        )
        for page in pages:
            for item in page["Items"]:
                yield Run.load(_read(item))

    def move(self, run_id: str, to: RunStatus, **fields: Any) -> Run | None:
        """Move a run forward, setting fields of it; return None when it is not where the move may start."""
        allowed = sorted(status.value for status in before(to))
        return self._update(
            run_id,
            {"status": to.value},
            fields | {"status_at": now()},
            f"#status IN ({', '.join(f':from{i}' for i in range(len(allowed)))})",
            {f"from{i}": status for i, status in enumerate(allowed)},
        )

    def record(self, run_id: str, **fields: Any) -> Run | None:
        """Set fields of a run without moving it."""
        return self._update(run_id, {}, fields, "attribute_exists(pk)", {})

    def start_stage(self, run_id: str, stage: Stage) -> Run | None:
        """Note that a stage started; the first note stands. It no longer waits."""
        return self._stage(run_id, stage, "SET #run.stages.#stage.started_at = {first}", "started_at")

    def end_stage(self, run_id: str, stage: Stage) -> Run | None:
        """Note that a stage ended; the first note stands."""
        return self._stage(run_id, stage, "SET #run.stages.#stage.ended_at = {first}", "ended_at")

    def wait_stage(self, run_id: str, stage: Stage, reason: str) -> Run | None:
        """Note what a stage waits for."""
        return self._write(
            run_id,
            "SET #run.stages.#stage.waiting = :waiting",
            {"#run": "run", "#stage": stage.value},
            {"waiting": reason},
            "attribute_exists(pk)",
        )

    def pointer(self, name: Pointer) -> str | None:
        """Read which run a pointer names."""
        answer = self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": name}}, ConsistentRead=True)
        return str(_read(answer["Item"])["run_id"]) if "Item" in answer else None

    def point(self, name: Pointer, run: Run) -> tuple[bool, str | None]:
        """Move a pointer to a run, unless it names a run of a later upload.

        Returns whether the pointer names ``run`` now, and the run it named before
        (``None`` where there was none, or where it named ``run`` already).
        """
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": name}},
                UpdateExpression="SET run_id = :run, upload_order = :order",
                ConditionExpression="attribute_not_exists(pk) OR upload_order < :order",
                ExpressionAttributeValues=_values({"run": run.run_id, "order": run.order}),
                ReturnValues="UPDATED_OLD",
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return self.pointer(name) == run.run_id, None
        previous = _read(answer.get("Attributes", {})).get("run_id")
        return True, str(previous) if previous else None

    def attempt(self) -> str | None:
        """Read which run the endpoint was last created with or updated to, or asked to."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key={"pk": {"S": "attempt"}}, ConsistentRead=True
        )
        return str(_read(answer["Item"])["run_id"]) if "Item" in answer else None

    def note_attempt(self, run_id: str) -> None:
        """Note which run the endpoint was asked to serve; an empty id forgets the last attempt."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"pk": {"S": "attempt"}},
            UpdateExpression="SET run_id = :run",
            ExpressionAttributeValues=_values({"run": run_id}),
        )

    def _stage(self, run_id: str, stage: Stage, expression: str, field: str) -> Run | None:
        return self._write(
            run_id,
            expression.format(first=f"if_not_exists(#run.stages.#stage.{field}, :now)")
            + " REMOVE #run.stages.#stage.waiting",
            {"#run": "run", "#stage": stage.value},
            {"now": now()},
            "attribute_exists(pk)",
        )

    def _update(
        self,
        run_id: str,
        attributes: Mapping[str, Any],
        fields: Mapping[str, Any],
        condition: str,
        condition_values: Mapping[str, Any],
    ) -> Run | None:
        names = {"#run": "run", "#status": "status"} | {f"#{name}": name for name in fields}
        sets = [f"#status = :{name}" for name in attributes]
        sets += [f"#run.#{name} = :{name}" for name in fields]
        values = {**attributes, **_plain(dict(fields)), **condition_values}
        if not attributes:
            del names["#status"]
        return self._write(run_id, f"SET {', '.join(sets)}", names, values, condition)

    def _write(
        self,
        run_id: str,
        expression: str,
        names: Mapping[str, str],
        values: Mapping[str, Any],
        condition: str,
    ) -> Run | None:
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"run#{run_id}"}},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=dict(names),
                ExpressionAttributeValues=_values(values),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return None
        return Run.load(_read(answer["Attributes"]))


def _raise_unless_refused(error: ClientError) -> None:
    if aws.error_code(error) != "ConditionalCheckFailedException":
        raise error


@cache
def ledger() -> Ledger:
    """Return the stack's ledger."""
    return Ledger(settings().ledger_table)
