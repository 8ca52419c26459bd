"""The segments table works on an object store as it does in a directory."""

import numpy as np
import pytest

from strongroom.domain.segments import segment_schema, to_table
from strongroom.errors import StorageError
from strongroom.storage.tables import SegmentTable


def test_a_table_on_s3_is_merged_searched_and_erased(bucket: str, monkeypatch: pytest.MonkeyPatch):
    table = SegmentTable(f"s3://{bucket}/index/segments", 8, 16)
    rows = [
        {"segment_id": f"s{n}", "content_sha256": f"c{n}", "containers": ["1"], "kind": "passage", "text": f"harbour number{n}"}
        | {"text_vector": np.eye(8, dtype=np.float16)[n]}
        for n in range(5)
    ]
    table.merge(to_table(rows, segment_schema(8, 16)))
    table.tend(finish=True)
    other = SegmentTable(f"s3://{bucket}/index/segments", 8, 16)
    assert other.view().words(["number3"], columns=["segment_id"], limit=5).column("segment_id").to_pylist() == ["s3"]
    nearest = other.view().nearest("text_vector", np.eye(8, dtype=np.float32)[2], columns=["segment_id"], limit=1)
    assert nearest.column("segment_id").to_pylist() == ["s2"]
    table.erase(["c3"], alone=True)
    monkeypatch.setattr("strongroom.storage.tables.segments.REMOTE_SECONDS", 0.0)
    assert other.count() == 4


def test_a_store_that_refuses_is_told_in_words(bucket: str):
    refusing = {"aws_endpoint": "http://127.0.0.1:9", "client_max_retries": "0", "retry_timeout": "1"}
    with pytest.raises(StorageError, match="the index at s3://"):
        SegmentTable(f"s3://{bucket}/index/segments", 8, 16, storage_options=refusing)
