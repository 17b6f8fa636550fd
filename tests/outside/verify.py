"""Verifies the directory of a log from docs/spec alone, with nothing of Stele's code.

verify.py LOG_DIRECTORY [VKEY [CHECKPOINT_FILE]]: a key of the log, and a checkpoint that was seen before.
Prints the tree size and the root; fails with what differs if the log is not what was signed.
"""

import base64, hashlib, json, pathlib, sys
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COMMIT_KEYS = ["id", "origin", "start", "count", "bytes"]


def check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def frame_line(value: object) -> bytes:  # J5
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Tree:
    """C1, leaf by leaf: `subtrees` has the sizes and roots of the complete subtrees, largest first."""

    size, subtrees = 0, ()

    def extend(self, leaves: list[bytes]) -> "Tree":
        for root in leaves:
            self.size, count = self.size + 1, 1
            while self.subtrees and self.subtrees[-1][0] == count:
                *self.subtrees, (_, left) = self.subtrees
                root, count = hashlib.sha256(b"\x01" + left + root).digest(), 2 * count
            self.subtrees = [*self.subtrees, (count, root)]
        return self

    def root(self) -> bytes:
        *others, root = [root for _, root in self.subtrees] or [hashlib.sha256().digest()]
        for left in reversed(others):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


class Key:
    def __init__(self, vkey: str) -> None:  # C3
        self.vkey, (self.origin, key_id, key) = vkey, vkey.split("+", 2)
        key = base64.b64decode(key, validate=True)
        self.id = hashlib.sha256(self.origin.encode() + b"\n" + key).digest()[:4]
        check(key[0] == 1 and self.id.hex() == key_id, f"{vkey} is not a vkey of Ed25519")
        self.key = Ed25519PublicKey.from_public_bytes(key[1:])
        self.above, self.upto = -1, None  # K7


def opened(note: str, keys: list[Key]) -> tuple[str, list[Key | None]]:  # C6, C7
    """The text of a signed note, and which of the keys made each of its signatures."""
    text, _, lines = note.rpartition("\n\n")
    signers: list[Key | None] = []
    for _, name, value in map(str.split, lines.splitlines()):
        blob = base64.b64decode(value)
        signers.append(next((key for key in keys if (key.origin, key.id) == (name, blob[:4])), None))
        if signers[-1]:
            signers[-1].key.verify(blob[4:], f"{text}\n".encode())
    return f"{text}\n", signers


class Verifier:
    def __init__(self, vkey: str, statements: list[str]) -> None:
        self.keys, size = [Key(vkey)], 0
        self.origin = self.keys[0].origin
        for note in statements:  # K1 to K4
            kind, origin, *vkeys, at, end = note.rpartition("\n\n")[0].split("\n") + [""]
            newest, by_vkey = self.keys[-1], {key.vkey: key for key in self.keys}
            check(origin == self.origin and str(int(at)) == at and int(at) >= size, f"a statement does not fit: {note}")
            size = int(at)
            if kind == "stele.succession/v1":
                before, after = vkeys
                check(before == newest.vkey and after not in by_vkey, f"a succession does not fit: {note}")
                self.keys.append(Key(after))
                check(self.keys[-1].origin == self.origin, f"{after} is the key of another log")
                self.keys[-1].above = size if size > 0 else -1
                wanted = [newest, self.keys[-1]]
            else:
                (retired,) = vkeys
                check(kind == "stele.retirement/v1" and retired in by_vkey, f"a retirement does not fit: {note}")
                check(by_vkey[retired].upto is None and retired != newest.vkey, f"a retirement does not fit: {note}")
                by_vkey[retired].upto = size
                wanted = [newest]
            check(opened(note, wanted)[1] == wanted, f"not signed by those who must: {note}")
        self.leaves, self.claims = [], []

    def claim(self, note: str, where: str) -> int:  # V2, C5 to C7, K8
        text, signers = opened(note, self.keys)
        origin, size, root = text.split("\n")[:3]
        counts = any(key and key.above < int(size) and (key.upto is None or int(size) <= key.upto) for key in signers)
        check(counts and origin == self.origin, f"{where}: not signed by a key of {self.origin} that may sign its size")
        self.claims.append((int(size), base64.b64decode(root, validate=True), where))
        return int(size)

    def segment(self, path: pathlib.Path) -> None:  # V3, V4
        start, end = map(int, path.stem.split("-"))
        about = json.loads(pq.read_metadata(path).metadata[b"stele.segment"])
        same = (about["v"], about["origin"], about["start"], about["end"]) == (1, self.origin, start, end)
        check(same and start == len(self.leaves) and end % 256 == 0, f"{path}: entry {len(self.leaves)} should be next")
        rows = pq.read_table(path, columns=["seq", "entry"], partitioning=None)
        check(rows["seq"].to_pylist() == list(range(start, end)), f"{path}: not the entries of its name")
        leaves = [leaf_hash(entry.encode()) for entry in rows["entry"].to_pylist()]
        runs = [Tree().extend(leaves[at : at + 256]).root() for at in range(0, end - start, 256)]
        check(b"".join(runs) == base64.b64decode(about["subtree_hashes"]), f"{path}: not the entries that were sealed")
        self.leaves += leaves
        self.claim(about["checkpoint"], str(path))

    def journal(self, path: pathlib.Path, size: int, last: bool) -> int:  # V5 to V7
        check(int(path.stem) == size <= len(self.leaves), f"{path}: entry {min(size, len(self.leaves))} should be next")
        data, at = path.read_bytes(), 0
        while at < len(data):
            where, begin = f"{path}, byte {at}", data.find(b"\n", at) + 1
            commit = json.loads(data[at:begin])["commit"] if begin else {"bytes": len(data)}
            middle = begin + commit["bytes"]
            end = data.find(b"\n", middle) + 1
            if end == 0 and last:
                break  # still being written, or torn
            exact = [*commit] == COMMIT_KEYS and data[at:begin] == frame_line({"commit": commit})
            belongs = exact and (commit["origin"], commit["start"]) == (self.origin, size)
            check(belongs, f"{where}: not the commit of entry {size}")
            entries = data[begin:middle].split(b"\n")
            check(entries.pop() == b"" and len(entries) == commit["count"] > 0, f"{where}: not {commit['count']} entries")
            for index, leaf in enumerate(map(leaf_hash, entries), size):
                self.leaves += [leaf] if index == len(self.leaves) else []
                check(self.leaves[index] == leaf, f"{where}: entry {index} is another in its segment")
            note = json.loads(data[middle:end])["checkpoint"]
            check(data[middle:end] == frame_line({"checkpoint": note}), f"{where}: its checkpoint is not in the exact form")
            size, at = size + len(entries), end
            check(self.claim(note, where) == size, f"{where}: its checkpoint is of another size")
        return size


try:
    directory, vkey, seen = [*sys.argv[1:], "", ""][:3]
    log = json.loads(pathlib.Path(directory, "log.json").read_text())
    stated = sorted(pathlib.Path(directory, "keys").glob("[0-9]*"), key=lambda path: int(path.name))
    verifier = Verifier(log["vkey"], [path.read_text() for path in stated])
    known = [key.vkey for key in verifier.keys]
    check(vkey in ("", *known) and verifier.origin == log["origin"], f"the log has the keys {known}")  # V1, K5
    for path in [*pathlib.Path(directory).glob("checkpoint"), *([pathlib.Path(seen)] if seen else [])]:
        verifier.claim(path.read_text(), str(path))
    for path in sorted(pathlib.Path(directory, "segments").glob("*.parquet")):
        verifier.segment(path)
    files = sorted(pathlib.Path(directory, "journal").glob("*.ndjson"))
    size = int(files[0].stem) if files else 0
    for path in files:
        size = verifier.journal(path, size, path == files[-1])
    tree, leaves = Tree(), verifier.leaves
    for size, root, where in sorted(verifier.claims):  # V8
        check(size <= len(leaves), f"{where}: {size} entries were signed; {len(leaves)} are there")
        check(tree.extend(leaves[tree.size : size]).root() == root, f"{where}: the first {size} entries are not those that were signed")
    check(tree.size == len(leaves), f"nothing that is signed covers the entries from {tree.size} on")
except (ValueError, KeyError, TypeError, OSError, InvalidSignature) as error:
    sys.exit(f"not verified: {error!r}")
print(tree.size, base64.b64encode(tree.root()).decode())
