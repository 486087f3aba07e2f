"""Write docs/openapi.json from the API's code (`make openapi`)."""

from pathlib import Path

from recommend_api.description import document_text
from recommend_api.routes import api

if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs/openapi.json").write_text(document_text(api), encoding="utf-8")
