"""Verifies an evidence bundle from docs/spec/evidence.md alone, with nothing of Stele's code.

verify.py FILE [--key VKEY | --policy FILE]: what is trusted. Prints what is proven as JSON; fails with what is not true.
Standard library, and Ed25519 of https://cryptography.io.
"""

import argparse, base64, hashlib, json, re, sys, zlib
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LENGTH_MAX, ENTRIES_MAX, TEXT_MAX, INTEGER_MAX = 64 << 20, 100_000, 1 << 16, 2**53 - 1
LOG, WITNESS = 1, 4  # types of keys


class Refused(Exception):
    """The bundle is not what it should be, or not true."""


def check(holds: bool, what: str) -> None:
    if not holds:
        raise Refused(what)


def unbase64(text: str) -> bytes:  # C4
    data = base64.b64decode(text, validate=True)
    check(base64.b64encode(data).decode() == text, "base64 that is not canonical")
    return data


def decimal(text: str) -> int:
    check(re.fullmatch("0|[1-9][0-9]*", text, re.ASCII) is not None and int(text) <= INTEGER_MAX, f"no number: {text[:40]}")
    return int(text)


class Key:
    """C3, B12."""

    def __init__(self, vkey: str, kind: int) -> None:
        self.vkey = vkey
        self.name, hex_id, material = vkey.split("+", 2)
        material = unbase64(material)
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        check(len(material) == 33 and material[0] == kind and self.id.hex() == hex_id, f"not a vkey of type {kind}: {vkey}")
        check(re.fullmatch(r"[^\s+\x00-\x1f]+", self.name) is not None, f"not the name of a key: {vkey}")
        self.public, self.kind = Ed25519PublicKey.from_public_bytes(material[1:]), kind

    def accepts(self, text: str, signature: bytes) -> None:
        message = text.encode()
        if self.kind == WITNESS:
            check(len(signature) == 72, "a cosignature of a wrong length")
            self.seconds = int.from_bytes(signature[:8], "big")
            check(self.seconds <= INTEGER_MAX, "a cosignature of a time that is too late")
            message = f"cosignature/v1\ntime {self.seconds}\n{text}".encode()
            signature = signature[8:]
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            raise Refused(f"a signature of {self.name} that is not of this text") from None


def parse_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:  # C6
    text, blank, lines = note.rpartition("\n\n")
    check(blank != "" and lines.endswith("\n"), "not a signed note")
    check(re.search(r"[\x00-\x09\x0b-\x1f]", note) is None, "a control character in a note")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        check(match is not None, "not a signature line")
        signature = unbase64(match[2])
        check(len(signature) >= 5, "a signature that is too short")
        signatures.append((match[1], signature[:4], signature[4:]))
    check(len(signatures) <= 100, "too many signatures")
    return text + "\n", signatures


def signers(note: str, keys: list[Key]) -> list[Key]:  # C7, B11
    text, signatures = parse_note(note)
    found = []
    for name, key_id, signature in signatures:
        for key in keys:
            if (key.name, key.id) == (name, key_id):
                key.accepts(text, signature)
                found.append(key)
    return found


class Policy:
    """c2sp.org/tlog-policy."""

    def __init__(self, text: str) -> None:
        check(text.endswith("\n") and re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) is None, "not a policy")
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        members_of_groups = set()
        for line in text[:-1].split("\n"):
            word, *items = re.split(r"[ \t]+", line.strip(" \t"))
            if word == "" or word.startswith("#"):
                continue
            if word == "log" and len(items) in (1, 2):
                self.logs.append(Key(items[0], LOG))
            elif word == "witness" and len(items) in (2, 3):
                self.define(items[0])
                self.witnesses[items[0]] = Key(items[1], WITNESS)
            elif word == "group" and len(items) >= 3:
                name, threshold, *members = items
                for member in members:
                    check((member in self.witnesses or member in self.groups) and member not in members_of_groups, f"policy: {line}")
                    members_of_groups.add(member)
                self.define(name)
                least = {"any": 1, "all": len(members)}.get(threshold) or decimal(threshold)
                check(1 <= least <= len(members), f"policy: {line}")
                self.groups[name] = (least, members)
            elif word == "quorum" and len(items) == 1 and self.quorum is None:
                check(items[0] == "none" or items[0] in self.witnesses or items[0] in self.groups, f"policy: {line}")
                self.quorum = items[0]
            else:
                raise Refused(f"policy: {line}")
        check(self.quorum is not None, "a policy without a quorum line")
        public = [key.public.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in [*self.logs, *self.witnesses.values()]]
        check(len(set(public)) == len(public), "a policy with one key twice")

    def define(self, name: str) -> None:
        check(name != "none" and name not in self.witnesses and name not in self.groups, f"policy: {name} twice")

    def reached(self, cosigned: list[Key]) -> bool:  # B13
        reached = {"none": True} | {name: key in cosigned for name, key in self.witnesses.items()}
        for name, (least, members) in self.groups.items():
            reached[name] = sum(reached[member] for member in members) >= least
        return reached[self.quorum]


class Chain:
    """B14, B15: the keys of a log, each with the sizes that it may sign."""

    def __init__(self, origin: str, statements: list[str]) -> None:
        self.origin, self.size, self.keys, self.first, self.last = origin, 0, [], [], []
        for statement in statements:
            text, signatures = parse_note(statement)
            kind, of, *vkeys, size, end = text.split("\n")
            size = decimal(size)
            check(of == origin and end == "" and size >= self.size, "a statement of another log, or out of order")
            self.size = size
            if kind == "stele.succession/v1" and len(vkeys) == 2:
                if not self.keys:
                    self.add(vkeys[0], 0)
                known = [key.vkey for key in self.keys]
                check(vkeys[0] == known[-1] and vkeys[1] not in known, "a succession that does not follow")
                self.add(vkeys[1], size + 1 if size else 0)
                by = self.keys[-2:]
            else:
                check(kind == "stele.retirement/v1" and len(vkeys) == 1, "not a statement")
                retired = [key.vkey for key in self.keys[:-1]].index(vkeys[0])
                check(self.last[retired] == INTEGER_MAX, "a key that is retired twice")
                self.last[retired] = size
                by = self.keys[-1:]
            check(len(signatures) == len(by) and signers(statement, by) == by, "a statement that others signed than must")

    def add(self, vkey: str, first: int) -> None:
        key = Key(vkey, LOG)
        check(key.name == self.origin, "a key of another log")
        self.keys.append(key), self.first.append(first), self.last.append(INTEGER_MAX)

    def may_sign(self, key: Key, size: int) -> bool:
        at = self.keys.index(key)
        return self.first[at] <= size <= self.last[at]


def is_text(value: object) -> bool:  # B6
    return isinstance(value, str) and len(value.encode("utf-16-le")) <= 2 * TEXT_MAX


def is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= INTEGER_MAX


def parse_json(text: str) -> object:
    def refuse(word: str) -> None:
        raise Refused(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is 1."""
    return int(value) if type(value) is float and value.is_integer() else value


def shaped(value: object, *keys: str) -> list:
    """The values of an object that has exactly these keys, in this order."""
    check(isinstance(value, dict) and list(value) == list(keys), f"not an object of {', '.join(keys)}")
    return list(value.values())


def parse(data: bytes) -> dict:  # B1 to B6
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        data = unpacker.decompress(data, LENGTH_MAX + 1)
        check(unpacker.eof and not unpacker.unused_data, "gzip that is cut off, too long, or followed by something")
    check(len(data) <= LENGTH_MAX, "too long")
    text = data.decode()
    document = parse_json(text)
    check(json.dumps(document, ensure_ascii=False, separators=(",", ":")) == text, "not in canonical form")
    form, checkpoint, policy, succession, declared, provable, proof, entries = shaped(
        document, "format", "checkpoint", "policy", "succession", "declared", "provable", "proof", "entries"
    )
    check(form == "stele.evidence/v1", "another format")
    check(is_text(checkpoint) and is_text(policy), "a checkpoint or a policy that is no text")
    check(isinstance(succession, list) and len(succession) <= 1000 and all(map(is_text, succession)), "no succession")
    by, at, query, normal_query, searched, everything = shaped(
        declared, "by", "at", "query", "normal_query", "searched_size", "all_matches"
    )
    check((by is None or is_text(by)) and is_text(query) and is_text(normal_query), "a declaration that is no text")
    check(isinstance(at, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at, re.ASCII) is not None, "no time")
    check(is_count(searched) and isinstance(everything, bool), "no searched size")
    run, sources = shaped(provable, "run", "sources")
    check(run is None or all(map(is_count, shaped(run, "first", "last"))), "no run")
    check(isinstance(sources, list), "no sources")
    for source in sources:
        check(all(map(is_count, shaped(source, "id", "first", "last", "missing")[1:])), "no source")
    check(isinstance(entries, list) and len(entries) <= ENTRIES_MAX, "too many entries")
    for entry in entries:
        index, content = shaped(entry, "index", "entry")
        check(is_count(index) and isinstance(content, str), "no entry")
    return document


def root_of(entries: list[dict], proof: bytes, size: int) -> bytes:  # B7
    indexes = [entry["index"] for entry in entries]
    check(all(a < b for a, b in zip(indexes, indexes[1:])) and indexes[-1] < size, "indexes out of order, or outside of the tree")
    hashes = [proof[at : at + 32] for at in range(0, len(proof), 32)][::-1]
    leaves = [(entry["index"], hashlib.sha256(b"\x00" + entry["entry"].encode()).digest()) for entry in entries][::-1]

    def root(begin: int, end: int) -> bytes:
        if not leaves or leaves[-1][0] >= end:
            check(hashes != [] and len(hashes[-1]) == 32, "a proof that is too short")
            return hashes.pop()
        if end - begin == 1:
            return leaves.pop()[1]
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        left = root(begin, middle)
        return hashlib.sha256(b"\x01" + left + root(middle, end)).digest()

    result = root(0, size)
    check(hashes == [], "a proof that is too long")
    return result


def provable_of(entries: list[dict]) -> dict:  # B16
    run, sources = None, {}
    for entry in entries:
        content = parse_json(entry["entry"])
        check(isinstance(content, dict), f"entry {entry['index']} is not a JSON object")
        source = content.get("source")
        if isinstance(source, dict) and isinstance(source.get("id"), str) and is_count(whole(source.get("seq"))):
            sources.setdefault(source["id"], set()).add(whole(source["seq"]))
    if entries and entries[-1]["index"] - entries[0]["index"] + 1 == len(entries):
        run = {"first": entries[0]["index"], "last": entries[-1]["index"]}
    return {
        "run": run,
        "sources": [
            {"id": id, "first": min(seqs), "last": max(seqs), "missing": max(seqs) - min(seqs) + 1 - len(seqs)}
            for id, seqs in sources.items()
        ],
    }


def verify(document: dict, trusted_key: str | None, trusted_policy: str | None) -> dict:
    checkpoint, entries, declared = document["checkpoint"], document["entries"], document["declared"]
    text, _ = parse_note(checkpoint)
    origin, size, root, *extensions, end = text.split("\n")  # C5
    size, root = decimal(size), unbase64(root)
    check(origin != "" and len(root) == 32 and end == "" and "" not in extensions, "not a checkpoint")
    check(size > 0 or root == hashlib.sha256().digest(), "an empty tree with another root")

    policy = Policy(document["policy"] if trusted_policy is None else trusted_policy)  # B8, B9
    keys = [Key(trusted_key, LOG)] if trusted_key else [key for key in policy.logs if key.name == origin]
    chain = Chain(origin, document["succession"]) if document["succession"] else None  # B10
    if chain:
        check({key.vkey for key in keys} & {key.vkey for key in chain.keys} != set(), "no known key is one of the log's")
        keys = chain.keys
    signed = signers(checkpoint, [*keys, *policy.witnesses.values()])
    by_log = [key for key in signed if key in keys]
    check(any(key.name == origin for key in by_log), f"not signed by a known key of {origin}")
    check(chain is None or any(chain.may_sign(key, size) for key in by_log), "signed by keys that may not sign this size")
    cosigned = [key for key in policy.witnesses.values() if key in signed]
    reached = policy.reached(cosigned)
    check(trusted_policy is None or reached, "the quorum of the policy is not reached")

    proof = unbase64(document["proof"])
    if entries:
        check(root_of(entries, proof, size) == root, "the entries are not those of the tree that was signed")
    check(entries != [] or proof == b"", "a proof of nothing")
    provable = provable_of(entries)
    check(provable == document["provable"], "what is said to be provable is not what the entries show")
    check(all(entry["index"] < declared["searched_size"] for entry in entries), "entries that were not searched")
    check(declared["searched_size"] <= size, "more searched than there is")  # B17
    return {
        "origin": origin,
        "tree_size": size,
        "key_from": "given" if trusted_key or trusted_policy is not None else "file",
        "entries": len(entries),
        **provable,
        "witnesses": {"from": "file" if trusted_policy is None else "given", "cosigned": len(cosigned), "reached": reached},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Verifies an evidence bundle of a Stele log, off line.")
    parser.add_argument("file")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--key", help="the log's key (a vkey), from somebody whom you trust")
    trust.add_argument("--policy", help="a file with keys, witnesses and quorum that you trust (c2sp.org/tlog-policy)")
    arguments = parser.parse_args()
    policy = None
    if arguments.policy:
        with open(arguments.policy, encoding="utf-8", newline="") as file:
            policy = file.read()
    with open(arguments.file, "rb") as file:
        data = file.read()
    try:
        found = verify(parse(data), arguments.key, policy)
    except (Refused, ValueError, TypeError, RecursionError, zlib.error) as error:
        sys.exit(f"not verified: {error}")
    if found["key_from"] == "file":
        print("Checked only against the key that the file itself states: anybody can have made all of it.", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
