"""How well numbers in fields are read, by cross-validation; and how fast.

    python benchmarks/reading.py --fields DIR [--folds 5] [--work DIR] [--others]

Fields (`lenet.fields.read_fields`) are read by networks that have not seen them: for each of the folds those of
`lenet-strings` and `lenet-windows`, trained on MNIST's digits, are trained on with the other folds, those for windows
mostly with what they are unsure of. --others reads the same fields with Tesseract (the command `tesseract`, --psm 7,
digits only) and RapidOCR (the package rapidocr-onnxruntime, its recogniser alone, other characters dropped) in the
same run. Labels that are wrong, as one sees, are in mistakes.tsv: figures are given for the labels as they are and for
the right ones, and thresholds are made with these. Trainings are kept in --work, and are not done again. Writes
results/reading.json.
"""

import argparse
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np

import lenet
from lenet import strings
from lenet.bench import provenance
from lenet.fields import read_fields
from lenet.reading import Reader, read_many

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "reading.json"
MISTAKES = Path(__file__).parent / "mistakes.tsv"
WISHED = 0.01


def edits(some, other):
    """The fewest digits to put in, take out or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(some, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def share_right(read, truth):
    exact = sum(a == b for a, b in zip(read, truth, strict=True)) / len(truth)
    wrong = sum(edits(a, b) for a, b in zip(read, truth, strict=True)) / sum(map(len, truth))
    return {"exact": exact, "digits_right": 1 - wrong}


def coverage(confidence, right):
    """The largest share of the surest answers of which at most `WISHED` are wrong."""
    order = np.argsort(-np.asarray(confidence), kind="stable")
    wrong = np.cumsum(~np.asarray(right, bool)[order]) / np.arange(1, len(order) + 1)
    fine = np.flatnonzero(wrong <= WISHED)
    return float((fine[-1] + 1) / len(order)) if len(fine) else 0.0


def fold_of(count, folds):
    return np.random.default_rng(0).permutation(count) % folds


def trained(name, work, fields=(), fold=None, seen=()):
    """The network of that name, trained on MNIST's digits, or on from there with a fold's fields that are `seen`.

    One that lies in `work` is not trained again.
    """
    path = work / f"{name}{'' if fold is None else f'-fold-{fold}'}.safetensors"
    if not path.exists():
        preset, own = lenet.presets[f"lenet-{name}"], [fields[n] for n in np.flatnonzero(seen)]
        first = None if fold is None else trained(name, work)
        if first is None:
            examples = strings.training(name=name)
        elif name in strings.BY_DOUBT:
            examples = strings.unsure_of(first, own, name=name)
        else:
            examples = strings.training(own, count=strings.AGAIN, name=name)
        for epoch in lenet.fit(preset.spec, preset.fine if first else preset.recipe, *examples, begin=first):
            print(f"{path.stem}, epoch {epoch.number}: loss {epoch.loss:.4f}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        epoch.network.save(path)
    return lenet.Network.load(path)


def by_folds(fields, folds, work):
    """Every field read by the network of the fold that has not seen it."""
    parts, read, confidence = fold_of(len(fields), folds), [""] * len(fields), [0.0] * len(fields)
    for fold in range(folds):
        networks = {name: trained(name, work, fields, fold, parts != fold) for name in strings.NETWORKS}
        reader = Reader(mode="line", **networks)
        own = np.flatnonzero(parts == fold)
        for at, page in zip(own, reader.pages([fields[n].picture for n in own]), strict=True):
            read[at], confidence[at] = str(page.reading), page.reading.confidence
    return read, confidence


def tesseract(paths):
    read = []
    for path in paths:
        command = ["tesseract", str(path), "-", "--psm", "7", "-c", "tessedit_char_whitelist=0123456789"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        read.append("".join(c for c in text if c.isdigit()))
    return read


def rapidocr(paths):
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR()
    read = []
    for path in paths:
        found, _ = engine(str(path), use_det=False, use_cls=False, use_rec=True)
        read.append("".join(c for c in found[0][0] if c.isdigit()) if found else "")
    return read


def ours(paths):
    reader = Reader(mode="line")
    return [str(reading) for reading in read_many([str(path) for path in paths], reader)]


def timed(read, paths):
    """What is read, and pictures a second: the best of three."""
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        texts = read(paths)
        best = max(best, len(paths) / (time.perf_counter() - began))
    return texts, best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "reading")
    parser.add_argument("--others", action="store_true", help="beside Tesseract and RapidOCR")
    args = parser.parse_args()
    fields = read_fields(args.fields)
    truth = [field.text for field in fields]
    paths = [args.fields / "images" / field.name for field in fields]
    command = f"benchmarks/reading.py --fields DIR{' --others' if args.others else ''}"
    result = {"command": command, **provenance(), "n": len(fields), "folds": args.folds}

    read, confidence = by_folds(fields, args.folds, args.work)
    known = dict(line.split("\t") for line in MISTAKES.read_text().splitlines()[1:])
    better = [known.get(field.name, field.text) for field in fields]
    for name, labels in (("fields", truth), ("corrected", better)):
        right = [a == b for a, b in zip(read, labels, strict=True)]
        result[name] = {**share_right(read, labels), "coverage": coverage(confidence, right)}
    result["mistakes"] = sum(a != b for a, b in zip(truth, better, strict=True))
    result["confidence"] = sorted([round(c, 9), bool(r)] for c, r in zip(confidence, right, strict=True))
    print("fields", result["fields"], "with right labels", result["corrected"], flush=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    _, speed = timed(ours, paths)
    result["speed"] = {"lenet": speed}
    if args.others:
        for name, other in (("RapidOCR", rapidocr), ("Tesseract", tesseract)):
            if name == "Tesseract" and shutil.which("tesseract") is None:
                raise SystemExit("the command tesseract is not there; Debian has it as tesseract-ocr")
            texts, speed = timed(other, paths) if name == "RapidOCR" else (other(paths), None)
            result.setdefault("others", {})[name] = share_right(texts, truth)
            if speed:
                result["speed"][name] = speed
    print({key: result[key] for key in ("speed", "others") if key in result}, flush=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
