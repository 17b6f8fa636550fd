"""Changes the directory of a log in one way, as somebody with the disk could: tamper.py LOG_DIRECTORY CHANGE."""

import base64
import hashlib
import json
import os
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

log, change = pathlib.Path(sys.argv[1]), sys.argv[2]
journal = max((log / "journal").glob("*.ndjson"))
lines = journal.read_bytes().splitlines(keepends=True)

if change == "entry":  # another outcome, of the same length
    at = next(i for i in range(len(lines) - 2, 0, -1) if b'"outcome":"success"' in lines[i])
    lines[at] = lines[at].replace(b'"outcome":"success"', b'"outcome":"failure"')
elif change == "frame":
    at = max(i for i, line in enumerate(lines) if line.startswith(b'{"commit"'))
    lines[at] = lines[at].replace(b"/logs/main", b"/logs/mail")
elif change == "checkpoint":  # a size that was not signed
    checkpoint = log / "checkpoint"
    origin, size, rest = checkpoint.read_text().split("\n", 2)
    checkpoint.write_text(f"{origin}\n{int(size) - 1}\n{rest}")
elif change == "end":  # the last commit is gone, as if it had never been
    del lines[max(i for i, line in enumerate(lines) if line.startswith(b'{"commit"')) :]
elif change == "segment":  # a well-formed file in which one entry is another
    path = min((log / "segments").glob("*.parquet"))
    table = pq.read_table(path)
    entries = table["entry"].to_pylist()
    entries[1000] = entries[1000].replace('"id":"', '"id":"x', 1)
    metadata = pq.read_metadata(path).metadata
    table = table.set_column(table.schema.get_field_index("entry"), "entry", pa.array(entries))
    path.unlink()
    pq.write_table(table.replace_schema_metadata({b"stele.segment": metadata[b"stele.segment"]}), path)
elif change == "forged":  # another key of the same name
    about = json.loads((log / "log.json").read_text())
    key = b"\x01" + os.urandom(32)
    key_id = hashlib.sha256(about["origin"].encode() + b"\n" + key).hexdigest()[:8]
    about["vkey"] = f"{about['origin']}+{key_id}+{base64.b64encode(key).decode()}"
    (log / "log.json").write_text(json.dumps(about))
else:
    sys.exit(f"no such change: {change}")
journal.write_bytes(b"".join(lines))
