"""DynamoDB in memory: conditional writes, transactions, and an index that lags behind its table."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from tests.chaos.services import expressions
from tests.chaos.services.expressions import Context, InvalidPath, Item

Lag = Callable[[str], float]
Watcher = Callable[[str, Item | None, Item], None]
REFUSED = "The conditional request failed"
# DynamoDB's quotas.
MOST_WRITES, MOST_KEY_BYTES, MOST_ITEM_BYTES, MOST_REQUEST_BYTES = 25, 2_048, 400 * 1024, 16 * 1024 * 1024
INDEX_KEY, INDEX_RANGE = "kind", "upload_order"


class Wanted(NamedTuple):
    """One write that is asked for, by itself or in a transaction."""

    table: str
    pk: str
    new: Callable[[Item], Item | None]
    condition: str | None
    names: dict[str, str]
    values: dict[str, Any]


def refusal(code: str, message: str, **more: Any) -> ClientError:
    """Build an error as boto3 raises it."""
    response: Any = {"Error": {"Code": code, "Message": message}} | more
    return ClientError(response, "Simulated")


class DynamoDB:
    """Tables by name, each keyed by ``pk``; the index ``by_upload`` shows a write after ``lag`` seconds."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0, lag: Lag = lambda _pk: 0.0) -> None:
        self.tables: dict[str, dict[str, Item]] = {}
        self.watchers: list[Watcher] = []
        self._clock = clock
        self._lag = lag
        self._shown: dict[tuple[str, str], list[tuple[float, Item | None]]] = {}

    def get_item(self, TableName: str, Key: Any, ConsistentRead: bool = False) -> Any:  # noqa: N803
        """Read an item; every read is strongly consistent here."""
        item = self._table(TableName).get(Key["pk"]["S"])
        return {"Item": item} if item else {}

    def put_item(self, **request: Any) -> Any:
        """Write an item whole."""
        self._write([_put(request)])
        return {}

    def update_item(self, **request: Any) -> Any:
        """Change an item."""
        wanted = _update(request)
        before = self._table(wanted.table).get(wanted.pk)
        self._write([wanted])
        return _returned(request, before or {}, self._table(wanted.table)[wanted.pk])

    def transact_write_items(self, TransactItems: list[Any], **_token: Any) -> Any:  # noqa: N803
        """Do several writes, or none; the token that boto3 sends makes a repetition harmless."""
        makers = {"Put": _put, "Update": _update, "ConditionCheck": _check}
        wanted = [makers[kind](request) for entry in TransactItems for kind, request in entry.items()]
        held = [self._holds(each) for each in wanted]
        if not all(held):
            reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
            codes = ", ".join(reason["Code"] for reason in reasons)
            message = (
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
            )
            raise refusal("TransactionCanceledException", message, CancellationReasons=reasons)
        self._write(wanted)
        return {}

    def query(self, TableName: str, IndexName: str, ExpressionAttributeValues: Any, **asked: Any) -> Any:  # noqa: N803
        """List an index, which may show what was true a while ago."""
        kind = ExpressionAttributeValues[":kind"]
        found = [item for item in self._index(TableName) if item.get(INDEX_KEY) == kind]
        found.sort(
            key=lambda item: str(item[INDEX_RANGE]["S"]), reverse=not asked.get("ScanIndexForward", True)
        )
        return {"Items": found}

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
        """Write or delete several items, each by itself."""
        _refuse_beyond_limits([each for requests in RequestItems.values() for each in requests])
        for table, requests in RequestItems.items():
            for request in requests:
                if "PutRequest" in request:
                    item = request["PutRequest"]["Item"]
                    self._table(table)[item["pk"]["S"]] = item
                else:
                    self.delete_item(table, request["DeleteRequest"]["Key"])
        return {"UnprocessedItems": {}}

    def delete_item(self, TableName: str, Key: Any) -> Any:  # noqa: N803
        """Delete an item, which the index may go on to show for a while."""
        pk = Key["pk"]["S"]
        if self._table(TableName).pop(pk, None) is not None and (TableName, pk) in self._shown:
            self._show(TableName, pk, None)
        return {}

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
        """Read several items."""
        found = {
            table: [
                self._table(table)[key["pk"]["S"]]
                for key in asked["Keys"]
                if key["pk"]["S"] in self._table(table)
            ]
            for table, asked in RequestItems.items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def _table(self, name: str) -> dict[str, Item]:
        return self.tables.setdefault(name, {})

    def _holds(self, wanted: Wanted) -> bool:
        if wanted.condition is None:
            return True
        item = self._table(wanted.table).get(wanted.pk, {})
        return bool(expressions.condition(wanted.condition)(Context(item, wanted.names, wanted.values)))

    def _write(self, writes: list[Wanted]) -> None:
        """Write all, after every condition was looked at; watchers see the whole of it."""
        if not all(self._holds(each) for each in writes):
            raise refusal("ConditionalCheckFailedException", REFUSED)
        changed = []
        for wanted in writes:
            before = self._table(wanted.table).get(wanted.pk)
            try:
                after = wanted.new(before or {"pk": {"S": wanted.pk}})
            except InvalidPath as problem:
                message = "The document path provided in the update expression is invalid for update"
                raise refusal("ValidationException", message) from problem
            if after is not None:
                changed.append((wanted, before, after))
        for wanted, _, after in changed:
            self._table(wanted.table)[wanted.pk] = after
            self._show(wanted.table, wanted.pk, after)
        for wanted, before, after in changed:
            for watch in self.watchers:
                watch(wanted.pk, before, after)

    def _show(self, table: str, pk: str, item: Item | None) -> None:
        if item is not None and INDEX_KEY not in item:
            return
        shown = self._shown.setdefault((table, pk), [(0.0, None)])
        shown.append((max(shown[-1][0], self._clock() + self._lag(pk)), item))

    def _index(self, table: str) -> Iterator[Item]:
        now = self._clock()
        for (of, _), shown in self._shown.items():
            while len(shown) > 1 and shown[1][0] <= now:
                shown.pop(0)
            if of == table and shown[0][1] is not None:
                yield shown[0][1]


def _refuse_beyond_limits(requests: list[Any]) -> None:
    """Refuse a batch as DynamoDB does: too many items, one item twice, a key or an item that is too large."""
    items = [each["PutRequest"]["Item"] for each in requests if "PutRequest" in each]
    keys = [item["pk"]["S"] for item in items]
    keys += [each["DeleteRequest"]["Key"]["pk"]["S"] for each in requests if "DeleteRequest" in each]
    if len(requests) > MOST_WRITES:
        raise refusal("ValidationException", "Too many items requested for the BatchWriteItem call")
    if len(set(keys)) < len(keys):
        raise refusal("ValidationException", "Provided list of item keys contains duplicates")
    if any(len(key.encode()) > MOST_KEY_BYTES for key in keys):
        raise refusal(
            "ValidationException", "Size of hashkey has exceeded the maximum size limit of 2048 bytes"
        )
    if any(_bytes_of(item) > MOST_ITEM_BYTES for item in items):
        raise refusal("ValidationException", "Item size has exceeded the maximum allowed size")
    if len(json.dumps(items)) > MOST_REQUEST_BYTES:
        raise refusal("ValidationException", "The request is larger than 16 MB")


def _bytes_of(item: Item) -> int:
    """Count an item's bytes, for items whose attributes are texts."""
    return sum(len(name.encode()) + len(value["S"].encode()) for name, value in item.items())


def _named(request: Any) -> tuple[str | None, dict[str, str], dict[str, Any]]:
    names = request.get("ExpressionAttributeNames", {})
    return request.get("ConditionExpression"), names, request.get("ExpressionAttributeValues", {})


def _put(request: Any) -> Wanted:
    item = request["Item"]
    return Wanted(request["TableName"], item["pk"]["S"], lambda _before: item, *_named(request))


def _check(request: Any) -> Wanted:
    return Wanted(request["TableName"], request["Key"]["pk"]["S"], lambda _before: None, *_named(request))


def _update(request: Any) -> Wanted:
    condition, names, values = _named(request)

    def new(before: Item) -> Item:
        return expressions.update(request["UpdateExpression"], Context(before, names, values))

    return Wanted(request["TableName"], request["Key"]["pk"]["S"], new, condition, names, values)


def _returned(request: Any, before: Item, after: Item) -> Any:
    match request.get("ReturnValues", "NONE"):
        case "NONE":
            return {}
        case "ALL_NEW":
            return {"Attributes": after}
        case "UPDATED_OLD":
            changed = {name: value for name, value in before.items() if after.get(name) != value}
            return {"Attributes": changed} if changed else {}
    raise NotImplementedError(request["ReturnValues"])
