import pytest

from retailrec_shared.core.column_mapping import MAX_BYTES, ColumnMapping, canonical
from retailrec_shared.core.errors import Rejected


def test_keys_may_be_our_names_or_those_of_the_published_file() -> None:
    mapping = ColumnMapping.parse(
        '{"Customer ID": "household", "StockCode": "sku", "InvoiceDate": "when", "UnitPrice": "eur",'
        ' "InvoiceNo": "bill", "QUANTITY": "n", "description": "name", "country": "land"}'
    )
    assert mapping.headers() == {
        "customer_id": "household",
        "item_id": "sku",
        "timestamp": "when",
        "quantity": "n",
        "price": "eur",
        "invoice": "bill",
        "description": "name",
        "country": "land",
    }


def test_columns_may_be_listed_without_quotes_for_the_command_line() -> None:
    mapping = ColumnMapping.parse(" customer_id=Household ID, Stock Code=Artikel (Nr.) ,price=€ ")
    assert mapping.headers() == {"customer_id": "Household ID", "item_id": "Artikel (Nr.)", "price": "€"}
    assert canonical("price=€,item_id=sku") == canonical('{"item_id": "sku", "price": "€"}'), "one identity"


@pytest.mark.parametrize("text", ["", " \n", "{}"])
def test_no_mapping_is_an_empty_one(text: str) -> None:
    assert ColumnMapping.parse(text).headers() == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON"),
        ("[" * 8_000, "it is no JSON"),
        ('["customer_id"]', "one JSON object"),
        ("customer_id", "it is no JSON"),
        ("customer_id=a,b", "“b” is not column=header; a header with a comma or = in it needs JSON"),
        ("customer_id=a=b", "“customer_id=a=b” is not column=header"),
        ("customer_id=a,", "“” is not column=header"),
        ("customer_id=a,customer_id=b", "it has a key twice"),
        ("customer_id=", "the header for customer_id must be a text"),
        ("shopper=x", "“shopper” is no column"),
        ('{"shopper": "x"}', "“shopper” is no column; columns are customer_id, item_id"),
        ('{"item_id": "a", "StockCode": "b"}', "two of its keys mean item_id"),
        ('{"item_id": "a", "item_id": "b"}', "it has a key twice"),
        ('{"item_id": 7}', "the header for item_id must be a text"),
        ('{"item_id": " "}', "the header for item_id must be a text"),
        ('{"item_id": "Code", "price": "code "}', "“Code” is given to two columns"),
        ('{"item_id": "_\u00a0"}', "the header for item_id must be a text"),
        ('{"item_id": "' + "x" * MAX_BYTES, "it is longer than 8,192 bytes"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(text: str, words: str) -> None:
    with pytest.raises(Rejected, match=r"^The column mapping cannot be used: .*correct it\.$") as refusal:
        ColumnMapping.parse(text)
    assert words in refusal.value.reason
