"""Fingerprints per second of the peers, on documents of 10,000 characters. Prints one JSON object.

usage: duplicates.py DOCS.jsonl SECONDS-PER-PEER
"""

import json
import re
import sys
import time
from importlib.metadata import version

from datasketch import MinHash
from rensa import RMinHash

PERMUTATIONS = 128
WORD = re.compile(r"\w+")


def documents(path):
    """Twenty documents of 10,000 characters each, spread over the texts."""
    with open(path, encoding="utf-8") as file:
        whole = "\n".join(json.loads(line)["text"] for line in file if line.strip())
    step = max(len(whole) // 10_000 // 20, 1) * 10_000
    return [whole[at : at + 10_000] for at in range(0, len(whole) - 9_999, step)][:20]


def shingles(text):
    words = WORD.findall(text.lower())
    return {" ".join(words[i : i + 3]) for i in range(len(words) - 2)}


def as_written(text):
    sketch = MinHash(num_perm=PERMUTATIONS)
    for shingle in shingles(text):
        sketch.update(shingle.encode("utf-8"))


def in_batch(text):
    sketch = MinHash(num_perm=PERMUTATIONS)
    sketch.update_batch([shingle.encode("utf-8") for shingle in shingles(text)])


def rensa(tokens):
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=42)
    sketch.update(tokens)
    return sketch.digest()


def rate(work, items, seconds):
    """The best of as many rounds over all items as there is time for, one at least."""
    best, began = float("inf"), time.perf_counter()
    while best == float("inf") or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        for item in items:
            work(item)
        best = min(best, time.perf_counter() - start)
    return len(items) / best


def main():
    docs, seconds = documents(sys.argv[1]), float(sys.argv[2])
    ready = [list(shingles(doc)) for doc in docs]
    datasketch, rensa_name = "datasketch " + version("datasketch"), "rensa " + version("rensa")
    figures = {
        datasketch: rate(as_written, docs, seconds),
        datasketch + ", in batch": rate(in_batch, docs, seconds),
        rensa_name: rate(lambda doc: rensa(list(shingles(doc))), docs, seconds),
        rensa_name + ", shingles ready": rate(rensa, ready, seconds),
    }
    json.dump(figures, sys.stdout)


main()
