"""Archives, keys and folders: nothing leads out of its place."""

import gzip
import io
import json
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from local.sagemaker.errors import ServiceError
from local.sagemaker.programs import archives
from local.sagemaker.s3 import S3Failure, S3Uri, relative_key
from local.sagemaker.training.ml_folder import MlFolder


def test_what_is_packed_unpacks(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights.npy").write_bytes(b"1234")

    archives.pack(tmp_path / "model", tmp_path / "model.tar.gz")
    archives.unpack(tmp_path / "model.tar.gz", tmp_path / "again")

    assert (tmp_path / "again" / "deep" / "weights.npy").read_bytes() == b"1234"


def hostile(path: Path, member: tarfile.TarInfo) -> None:
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member, io.BytesIO(b"x" * member.size))


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "/etc/../escaped", "a/.."])
def test_an_archive_cannot_name_a_place_outside_its_folder(tmp_path: Path, name: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = 1
    hostile(tmp_path / "bad.tar.gz", member)

    with pytest.raises(archives.BadArchive, match="leads out"):
        archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "inside" / "model")

    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "../../etc/passwd"),
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "weights.npy"),
        (tarfile.LNKTYPE, "../../etc/passwd"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_an_archive_holds_files_and_no_links_or_devices(tmp_path: Path, kind: bytes, target: str) -> None:
    member = tarfile.TarInfo("passwords")
    member.type, member.linkname = kind, target
    hostile(tmp_path / "bad.tar.gz", member)

    with pytest.raises(archives.BadArchive, match="neither a file nor a folder"):
        archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "model")

    assert not list((tmp_path / "model").iterdir())


def test_an_archive_that_grows_beyond_measure_is_given_up(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as tar:
        for number in range(3):
            member = tarfile.TarInfo(f"{number}.npy")
            member.size = 10_000_000
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    assert (tmp_path / "bomb.tar.gz").stat().st_size < 100_000

    with pytest.raises(archives.BadArchive, match="more than 15,000,000 bytes"):
        archives.unpack(tmp_path / "bomb.tar.gz", tmp_path / "model", max_bytes=15_000_000)

    assert not (tmp_path / "model" / "1.npy").exists()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, 200_000_000
    with gzip.open(tmp_path / "bad.tar.gz", "wb", compresslevel=1) as file:
        file.write(member.tobuf())
        for _ in range(200):
            file.write(bytes(1_000_000))

    tracemalloc.start()
    try:
        with pytest.raises(archives.BadArchive, match="header that is far too long"):
            archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "model")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_headers_without_end_are_given_up(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.type = tarfile.XHDTYPE
    (tmp_path / "bad.tar.gz").write_bytes(gzip.compress(member.tobuf() * 50_000))
    with pytest.raises(archives.BadArchive):
        archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "model")


def test_a_damaged_archive_is_said_to_be_damaged(tmp_path: Path) -> None:
    hostile(tmp_path / "bad.tar.gz", tarfile.TarInfo("a"))
    content = bytearray((tmp_path / "bad.tar.gz").read_bytes())
    content[40:60] = b"\xff" * 20
    (tmp_path / "bad.tar.gz").write_bytes(content)
    with pytest.raises(archives.BadArchive):
        archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "model")


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "bad.tar.gz").write_bytes(b"PK\x03\x04")
    with pytest.raises(archives.BadArchive):
        archives.unpack(tmp_path / "bad.tar.gz", tmp_path / "model")


@pytest.mark.parametrize(
    ("prefix", "key", "relative"),
    [
        ("runs/1/train/", "runs/1/train/a.csv", "a.csv"),
        ("runs/1/train", "runs/1/train/deep/a.csv", "deep/a.csv"),
        ("runs/1/train/a.csv", "runs/1/train/a.csv", "a.csv"),
        ("runs/1/tr", "runs/1/train/a.csv", "train/a.csv"),
        ("", "a.csv", "a.csv"),
        ("train/", "train/a+b c.csv", "a+b c.csv"),
    ],
)
def test_keys_lose_their_prefix(prefix: str, key: str, relative: str) -> None:
    assert relative_key(prefix, key) == relative


def test_a_key_cannot_lead_out_of_its_channel() -> None:
    with pytest.raises(S3Failure):
        relative_key("train/", "train/../../etc/passwd")


def test_s3_uris() -> None:
    assert S3Uri.parse("s3://bucket/a/b") == S3Uri("bucket", "a/b")
    assert str(S3Uri.parse("s3://bucket/out/").below("job", "output", "model.tar.gz")) == (
        "s3://bucket/out/job/output/model.tar.gz"
    )
    assert S3Uri.parse("s3://bucket").below("x").arn == "arn:aws:s3:::bucket/x"
    for wrong in ("https://bucket/key", "s3://", "bucket/key"):
        with pytest.raises(ServiceError, match="Invalid S3 URI"):
            S3Uri.parse(wrong)


def test_the_folder_of_a_training_job(tmp_path: Path) -> None:
    request: dict[str, Any] = {
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "HyperParameters": {"factors": "64"},
        "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": {}}}],
    }
    folder = MlFolder(tmp_path / "ml")
    folder.lay_out(request)
    config = tmp_path / "ml" / "input" / "config"

    assert json.loads((config / "hyperparameters.json").read_text()) == {"factors": "64"}
    assert set(json.loads((config / "inputdataconfig.json").read_text())) == {"training"}
    assert json.loads((config / "resourceconfig.json").read_text())["hosts"] == ["algo-1"]
    assert folder.failure() == ""
    (tmp_path / "ml" / "output" / "failure").write_text("x" * 5000)
    assert len(folder.failure()) == 1024
