"""Reads every feed file below a folder with feedparser: what it finds, and how long one thread takes for all of them.

Usage: feeds.py DIR. Prints {"seconds": …, "version": …, "files": {NAME: {"n", "bozo", "why", "entries"}}}.
"""

import calendar
import json
import os
import re
import sys
import time

import feedparser

ENDINGS = (".xml", ".rss", ".atom", ".rdf", ".json", ".feed")
FEED_URL = "https://feed.example/feed"
HEADER = re.compile(rb"^Header:\s*([\w-]+):\s*(.*?)\s*$", re.MULTILINE)


def files_below(folder):
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.endswith(".serde.json"):
                yield os.path.join(place, name)


def headers_of(body):
    """The headers that a file of feedparser's own tests asks to be served with, from its first comment."""
    comment = re.search(rb"<!--(.*?)-->", body[:4096], re.DOTALL)
    found = HEADER.findall(comment.group(1)) if comment else []
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in found}
    headers.setdefault("content-location", FEED_URL)
    # Where nothing is asked for, as most servers do it: without a type feedparser calls every feed malformed.
    headers.setdefault("content-type", "application/xml")
    return headers


def moment(parsed):
    if not parsed:
        return None
    try:
        return calendar.timegm(parsed)
    except (ValueError, OverflowError, TypeError):
        return None


def read(body, headers):
    try:
        feed = feedparser.parse(body, response_headers=headers)
    except Exception as error:  # a peer that crashes is a finding, not the end of the run
        return {"n": 0, "bozo": True, "why": f"crash: {type(error).__name__}", "entries": []}
    why = type(feed.get("bozo_exception")).__name__ if feed.get("bozo") else None
    entries = [
        {
            "link": entry.get("link"),
            "title": entry.get("title"),
            "published": moment(entry.get("published_parsed")),
            "updated": moment(entry.get("updated_parsed")) if "updated" in entry else None,
        }
        for entry in feed.entries
    ]
    return {"n": len(feed.entries), "bozo": bool(feed.get("bozo")), "why": why, "entries": entries}


def main():
    folder = sys.argv[1]
    bodies = {}
    for path in files_below(folder):
        with open(path, "rb") as file:
            bodies[os.path.relpath(path, folder)] = file.read()
    headers = {name: headers_of(body) for name, body in bodies.items()}
    start = time.perf_counter()
    found = {name: read(body, headers[name]) for name, body in bodies.items()}
    seconds = time.perf_counter() - start
    json.dump({"seconds": seconds, "version": feedparser.__version__, "files": found}, sys.stdout)


if __name__ == "__main__":
    main()
