"""The small parts of an xlsx workbook, besides its sheets."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DATE_FORMAT = 22  # built in: date and time, as the reader's country writes it


def sheet_path(number: int) -> str:
    """Return the path of a sheet within the workbook; the first is 1."""
    return f"xl/worksheets/sheet{number}.xml"


def _shared_strings(strings: Iterable[str]) -> str:
    items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    return f'{HEAD}<sst xmlns="{MAIN}">{items}</sst>'


def other_parts(names: Sequence[str], strings: Iterable[str]) -> dict[str, str]:
    """Return all parts but the sheets, by path: of the sheets' names and the shared strings."""
    return {
        "[Content_Types].xml": _content_types(len(names)),
        "_rels/.rels": _relationships([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _relationships(
            [("worksheet", sheet_path(number + 1).removeprefix("xl/")) for number in range(len(names))]
            + [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
        ),
        "xl/styles.xml": _styles(),
        "xl/sharedStrings.xml": _shared_strings(strings),
    }


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _content_types(sheets: int) -> str:
    parts = {
        "/xl/workbook.xml": "sheet.main",
        "/xl/styles.xml": "styles",
        "/xl/sharedStrings.xml": "sharedStrings",
    }
    parts |= {f"/{sheet_path(number + 1)}": "worksheet" for number in range(sheets)}
    overrides = "".join(
        f'<Override PartName="{path}" ContentType="{TYPE}.{kind}+xml"/>' for path, kind in parts.items()
    )
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return f'{HEAD}<Types xmlns="{PACKAGE}/content-types">{defaults}{overrides}</Types>'


def _styles() -> str:
    """Return two cell formats: 0 is plain, 1 is a date."""
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        f'<xf numFmtId="{DATE_FORMAT}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        "</cellXfs>"
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
