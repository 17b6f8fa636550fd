"""Recomputes the tree of sealed segments from the Parquet files alone: argument 1 is the directory of a log."""

import base64
import hashlib
import json
import pathlib
import sys

import pyarrow.parquet as pq


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + root(hashes[:k]) + root(hashes[k:])).digest()


paths = sorted((pathlib.Path(sys.argv[1]) / "segments").glob("*.parquet"))
assert len(paths) >= 2, "no segments were sealed"
entries = 0
for path in paths:
    file = pq.ParquetFile(path)
    metadata = json.loads(file.metadata.metadata[b"stele.segment"])
    table = file.read(columns=["seq", "entry", "action", "actor_id"]).to_pylist()
    assert [row["seq"] for row in table] == list(range(metadata["start"], metadata["end"])), path
    leaves = []
    for row in table:
        event = json.loads(row["entry"])
        assert (row["action"], row["actor_id"]) == (event["action"], event["actor"]["id"]), row["seq"]
        leaves.append(leaf_hash(row["entry"].encode()))
    subtrees = b"".join(root(leaves[i : i + 256]) for i in range(0, len(leaves), 256))
    assert subtrees == base64.b64decode(metadata["subtree_hashes"]), f"{path}: the hashes differ"
    entries += len(table)
print(f"{entries} entries in {len(paths)} segments hash to what was sealed")
