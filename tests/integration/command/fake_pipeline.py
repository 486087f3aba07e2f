"""A pipeline that moves one step whenever the command pauses, through the real ledger."""

import itertools
import json
from collections.abc import Generator
from typing import Any

import boto3

from retailrec_shared.contract.quality_report import Facts
from retailrec_shared.core import names
from retailrec_shared.core.mapping_file import read_mapping
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload, timestamp
from tests.environment import settings

METRICS = {
    "p@k(10)": 0.0712,
    "p@k(10)_in_sample": 0.65,
    "p@k(10)_popularity": 0.0307,
    "users_evaluated": 90.0,
}
COUNTS = {"rows_read": 120, "rows_without_customer": 20, "interactions": 100, "customers": 9, "items": 8}
QUALITY = COUNTS | {
    "schema_version": 1, "source_format": "csv", "profile": "retail", "split": "temporal",
    "sheets": [{"name": None, "rows": 120}], "rejected": {"missing_customer": 20, "duplicate": 0},
    "rows_kept": 100, "train_rows": 80, "test_rows": 20, "cut_time": "2011-06-01T10:00:00",
    "facts": dict.fromkeys(Facts.model_fields, 7),
    "first_timestamp": "2009-12-01T07:45:00", "last_timestamp": "2011-12-09T12:50:00",
    "warnings": [{"code": "rows_fell", "message": "Rows read fell by 40.0 %, from 200 to 120."}],
}  # fmt: skip
PAGE = b"<!doctype html><title>Quality</title>"


class FakePipeline:
    """Makes a run of each upload; ``ending`` says where it ends."""

    def __init__(self, ledger: Ledger, ending: RunStatus = RunStatus.LIVE) -> None:
        self.ledger = ledger
        self.ending = ending
        self.paused = 0
        self._drops = itertools.count(1)  # S3 orders uploads within one second by their sequencer
        self._life: Generator[None] | None = None

    def pause(self, *_: Any) -> None:
        """Move on by one step: what the command calls instead of waiting."""
        self.paused += 1
        self._life = self._life or self._live()
        if next(self._life, "over") == "over":
            self._life = None

    def _live(self) -> Generator[None]:
        run = self._open()
        if run is None:
            return
        yield from self._work(run.run_id)

    def _open(self) -> Run | None:
        """Open the run of the first upload that has none."""
        s3 = boto3.client("s3")
        for each in s3.list_objects_v2(Bucket="raw").get("Contents", []):
            if not names.makes_a_run(each["Key"]):
                continue
            configuration = settings().run_configuration(read_mapping(s3, "raw", each["Key"]))
            upload = Upload(
                bucket="raw", key=each["Key"], etag=each["ETag"].strip('"'), size=each["Size"],
                uploaded_at=timestamp(each["LastModified"]), sequencer=f"{next(self._drops):018X}",
            )  # fmt: skip
            run_id = names.run_id("raw", upload.key, upload.etag, configuration)
            run = Run(run_id=run_id, upload=upload, configuration=configuration)
            if self.ledger.open_run(run):
                return run
        return None

    def _work(self, run_id: str) -> Generator[None]:
        self.ledger.start_stage(run_id, Stage.PREPARE)
        yield
        if self.ending is RunStatus.REJECTED:
            reason = {
                "reason": "There is no column Quantity.",
                "next_step": "Correct the file and drop it again.",
            }
            self.ledger.move(run_id, RunStatus.REJECTED, **reason)
            return
        key = names.run_key(run_id, names.QUALITY_REPORT_JSON)
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=json.dumps(QUALITY).encode())
        page = names.run_key(run_id, names.QUALITY_REPORT_HTML)
        boto3.client("s3").put_object(Bucket="data", Key=page, Body=PAGE)
        self.ledger.end_stage(run_id, Stage.PREPARE)
        self.ledger.move(run_id, RunStatus.PREPARED, counts=COUNTS)
        self.ledger.wait_stage(run_id, Stage.TRAIN, "The quota is 0 instances.")
        yield
        self.ledger.start_stage(run_id, Stage.TRAIN)
        self.ledger.move(run_id, RunStatus.TRAINING)
        yield
        self.ledger.end_stage(run_id, Stage.TRAIN)
        self.ledger.start_stage(run_id, Stage.APPROVE)
        if self.ending is RunStatus.MODEL_REJECTED:
            self.ledger.move(
                run_id, RunStatus.MODEL_REJECTED, metrics=METRICS, reason="It is below the floor."
            )
            return
        self.ledger.end_stage(run_id, Stage.APPROVE)
        self.ledger.move(run_id, RunStatus.APPROVED, metrics=METRICS)
        self.ledger.start_stage(run_id, Stage.BATCH)
        self.ledger.start_stage(run_id, Stage.DEPLOY)
        yield
        for stage in (Stage.BATCH, Stage.DEPLOY, Stage.PUBLISH):
            self.ledger.end_stage(run_id, stage)
        self.ledger.go_live(run_id)
