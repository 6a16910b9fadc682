#!/usr/bin/env python3
"""Read pictures with known digits, one by one, and say which are wrong and which wrong ones are accepted.

    python benchmarks/trials.py DIR [--reject 1%] [--only PART_OF_A_NAME]

DIR has pictures and truth.tsv with the columns file, digits, option. Digits are those of each line, with | between the
lines; a blank stands where a line may end or go on; - is nothing that may be accepted. An option is grid=3x8,
mode=digit or empty. Nothing is written: the pictures are for development.
"""

import argparse
import csv
import warnings
from collections import Counter
from pathlib import Path

import lenet


def options_of(text):
    """Return the options of `lenet.read` that an option of the table stands for."""
    if not text:
        return {}
    name, _, value = text.partition("=")
    return {name: tuple(map(int, value.split("x"))) if name == "grid" else value}


def is_right(digits, reading):
    """Return whether what was read are the digits; where a blank is, lines may end or go on."""
    if digits == "-":
        return not reading.accepted
    lines = [line.text for line in reading.lines]
    if " " in digits:
        return "".join(lines) == digits.replace(" ", "").replace("|", "")
    return lines == digits.split("|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--reject", default="1%")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    counts = Counter()
    with open(args.directory / "truth.tsv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if args.only in row["file"]]
    for row in rows:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reading = lenet.read(args.directory / row["file"], reject=args.reject, **options_of(row["option"]))
        right = is_right(row["digits"], reading)
        counts["right"] += right
        counts["accepted wrong"] += bool(reading.accepted and not right)
        counts["accepted right"] += bool(reading.accepted and right)
        if not right:
            text = reading.text.replace("\n", "|")
            verdict = "ACCEPTED" if reading.accepted else reading.reason
            print(f"{row['file']}: {row['digits'][:60]} read {text[:60]} {reading.confidence:.3f} {verdict}")
    print(
        f"{len(rows)} pictures: {counts['right']} right, {counts['accepted right']} of them accepted; "
        f"{counts['accepted wrong']} wrong ones accepted"
    )


if __name__ == "__main__":
    main()
