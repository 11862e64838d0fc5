"""Main text by trafilatura, scored like ours: tokens are \\w+ of the NFKC lower-case text, counted with repetition.

Usage: extraction.py PAGES.json ROUNDS, where PAGES.json is a list of {"id", "html", "gold"}. Prints one JSON document.
"""

import collections
import json
import re
import sys
import time
import unicodedata

import trafilatura
import trafilatura.meta

WORD = re.compile(r"\w+")


def words(text):
    return collections.Counter(WORD.findall(unicodedata.normalize("NFKC", text or "").lower()))


def overlap(found, gold):
    common = sum((found & gold).values())
    precision = common / max(1, sum(found.values()))
    recall = common / max(1, sum(gold.values()))
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return f1, precision, recall


def text_of(html):
    # Comments are no part of an article; everything else is at its defaults.
    return trafilatura.extract(html, include_comments=False)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pages = json.load(file)
    rounds = int(sys.argv[2])
    fastest, texts = None, []
    for _ in range(rounds):
        # What one page teaches must not serve the next round.
        trafilatura.meta.reset_caches()
        start = time.perf_counter()
        texts = [text_of(page["html"]) for page in pages]
        seconds = time.perf_counter() - start
        fastest = seconds if fastest is None else min(fastest, seconds)
    scores = [overlap(words(text), words(page["gold"])) for text, page in zip(texts, pages)]
    mean = [sum(column) / len(scores) for column in zip(*scores)]
    json.dump(
        {
            "version": trafilatura.__version__,
            "f1": mean[0],
            "precision": mean[1],
            "recall": mean[2],
            "pages_per_second": len(pages) / fastest,
            "pages": {page["id"]: score[0] for page, score in zip(pages, scores)},
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
