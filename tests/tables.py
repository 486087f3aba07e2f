"""DynamoDB in memory behind boto3's own clients: what moto takes 2 to 8 ms for takes a tenth of one.

The clients still check, page and refuse; only what they would send is answered here, by the tables of
``tests.chaos``. With ``RETAILREC_TABLES=moto`` moto answers, and whatever the tables would have answered
otherwise is an error: ``test_tables.py`` runs one long story on moto, and every test can run on it.
"""

import copy
import json
import os
import threading
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError
from botocore.handlers import BUILTIN_HANDLERS

from tests.chaos.services.dynamodb import DynamoDB

Answer = dict[str, Any]


class Tables:
    """The tables of one test; ``checked`` lets moto answer, and compares."""

    def __init__(self, checked: bool) -> None:
        self.checked = checked
        self.compared = 0
        self._dynamodb = DynamoDB()
        self._answering = threading.RLock()

    def create(self, name: str) -> None:
        """Create an empty table; those that are not created here are moto's."""
        self._dynamodb.tables[name] = {}

    def answer(self, operation: str, request: Answer) -> Answer | None:
        """Answer as DynamoDB; None where a table is not among these."""
        if operation == "CreateTable" or not _tables_of(request) <= self._dynamodb.tables.keys():
            return None
        with self._answering:
            try:
                return copy.deepcopy(self._operations()[operation](**request))
            except ClientError as refused:
                return copy.deepcopy(dict(refused.response))

    def _operations(self) -> dict[str, Callable[..., Answer]]:
        held = self._dynamodb
        return {
            "GetItem": held.get_item,
            "PutItem": held.put_item,
            "UpdateItem": held.update_item,
            "DeleteItem": held.delete_item,
            "TransactWriteItems": held.transact_write_items,
            "Query": held.query,
            "BatchGetItem": held.batch_get_item,
            "BatchWriteItem": held.batch_write_item,
            "DescribeTable": lambda TableName: {"Table": {"TableName": TableName, "TableStatus": "ACTIVE"}},  # noqa: N803
        }

    def compare(self, mine: Answer, motos: Answer) -> None:
        """Raise where moto answers otherwise."""
        self.compared += 1
        assert _essence(mine) == _essence(motos)


_present: list[Tables] = []


def begin() -> Tables:
    """Begin without any table."""
    _present[:] = [Tables(checked=os.environ.get("RETAILREC_TABLES") == "moto")]
    return _present[0]


def end() -> None:
    """Leave all to moto again."""
    _present.clear()


def _before_call(model: Any, params: Any, context: Any, **_more: Any) -> tuple[AWSResponse, Answer] | None:
    context["tables_answer"] = None
    if not _present:
        return None
    answer = _present[0].answer(model.name, json.loads(params["body"]))
    if answer is None or _present[0].checked:
        context["tables_answer"] = answer
        return None
    status = 400 if "Error" in answer else 200
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0, "RequestId": "1"}
    headers: Any = HeadersDict()
    return AWSResponse("https://dynamodb", status, headers, None), answer | {"ResponseMetadata": metadata}


def _after_call(parsed: Answer, context: Any, model: Any, **_more: Any) -> None:
    answer = context.get("tables_answer")
    if answer is not None and model.name != "DescribeTable":
        _present[0].compare(answer, parsed)


BUILTIN_HANDLERS += [("before-call.dynamodb", _before_call), ("after-call.dynamodb", _after_call)]


def _tables_of(request: Answer) -> set[str]:
    """Name every table that a request is about."""
    writes = [write for entry in request.get("TransactItems", []) for write in entry.values()]
    return {each["TableName"] for each in [request, *writes] if "TableName" in each} | set(
        request.get("RequestItems", {})
    )


def _essence(answer: Answer) -> Any:
    """What a caller reads of an answer: of a refusal its code, and which writes were in its way."""
    if "Error" in answer:
        reasons = [reason["Code"] for reason in answer.get("CancellationReasons", [])]
        return answer["Error"]["Code"], reasons
    read = {
        name: value for name, value in answer.items() if name in {"Item", "Items", "Attributes"} and value
    }
    found = answer.get("Responses", {})
    by_key = {table: sorted(items, key=lambda item: item["pk"]["S"]) for table, items in found.items()}
    return read, by_key
