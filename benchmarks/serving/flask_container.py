"""The usual serving container: Flask, gunicorn, and a model of the implicit library.

Our server is compared with it. The factors and purchases are those of the folder that our program
serves; it runs in an environment of its own.
"""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask, Response, jsonify, request  # type: ignore[import-not-found]
from implicit.cpu.bpr import BayesianPersonalizedRanking
from scipy.sparse import csr_matrix

folder = Path(os.environ["MODEL_FOLDER"])


def _array(name: str) -> Any:
    return np.load(folder / f"{name}.npy", allow_pickle=False)


def _ids(kind: str) -> list[str]:
    text, offsets = _array(f"{kind}_ids").tobytes(), _array(f"{kind}_offsets").tolist()
    return [text[start:end].decode() for start, end in pairwise(offsets)]


user_ids, item_ids = _ids("user"), _ids("item")
user_codes = {name: code for code, name in enumerate(user_ids)}
purchases = csr_matrix(
    (_array("purchased_values"), _array("purchased_indices"), _array("purchased_indptr")),
    shape=(len(user_ids), len(item_ids)),
)
model = BayesianPersonalizedRanking(factors=_array("user_factors").shape[1] - 1)
model.user_factors, model.item_factors = _array("user_factors"), _array("item_factors")

app = Flask(__name__)


@app.get("/ping")  # type: ignore[untyped-decorator]
def ping() -> Response:
    """Say that the model is loaded."""
    return Response(status=200)


@app.post("/invocations")  # type: ignore[untyped-decorator]
def invocations() -> Response:
    """Recommend items to one user, without those they bought."""
    query = json.loads(request.data)
    user = user_codes.get(query["user_id"])
    if user is None:
        return jsonify([])
    items, scores = model.recommend(user, purchases[user], N=int(query["top_n"]))
    return jsonify(
        [
            {"user_id": query["user_id"], "item_id": item_ids[item], "score": float(score)}
            for item, score in zip(items, scores, strict=True)
        ]
    )
