"""How well numbers in fields are read, by cross-validation; and how fast.

    python benchmarks/reading.py --fields DIR [--folds 5] [--work DIR] [--others] [--out FILE]

Fields (`lenet.data.fields.read_fields`) are read by networks that were not trained on them: for each fold those of
`lenet-candidates` and `lenet-sliding-window`, trained on MNIST's digits, are fine-tuned on the other folds, the sliding
window on hard examples. `untrained` are the figures of the networks before any fine-tuning, which saw no field at all.
--others reads the same fields with Tesseract (the command `tesseract`, --psm 7, digits only) and RapidOCR (the package
rapidocr 3.10, its recogniser alone, other characters dropped) in the same run. Labels that are plainly wrong are in
mistakes.tsv: figures are given for the labels as they are and for the right ones, and rejection thresholds are computed
with these. Trainings are kept in --work, and are not done again.

Writes results/reading.json; that needs a clean commit, and the package from this checkout (see publishing.py).
"""

import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
from metrics import coverage, fractions_right
from publishing import ROOT, add_out, check_out, parser_of

import lenet
from lenet.data.fields import read_fields
from lenet.experiments.provenance import provenance
from lenet.reading import Reader
from lenet.reading.batch import read_batches
from lenet.training import line_examples

MISTAKES = Path(__file__).parent / "mistakes.tsv"


def fold_of(count, folds):
    """Return the fold of each of `count` fields."""
    return np.random.default_rng(0).permutation(count) % folds


def pretrained(name, work):
    """Return the network of that name, trained on MNIST's digits; one that is in `work` is not trained again."""
    preset = lenet.presets[f"lenet-{name}"]

    def epochs():
        return lenet.fit(preset.spec, preset.recipe, *line_examples.training_examples(name))

    return kept(work / f"{name}.safetensors", epochs)


def fine_tuned(name, work, fields, fold):
    """Return the network of that name, fine-tuned on fields, those of all other folds."""
    preset = lenet.presets[f"lenet-{name}"]

    def epochs():
        initial = pretrained(name, work)
        if name in line_examples.HARD_EXAMPLE_NETWORKS:
            examples = line_examples.hard_examples(name, initial, fields)
        else:
            strings = line_examples.FINE_TUNING_STRINGS
            examples = line_examples.training_examples(name, fields, count=strings, initial=initial)
        return lenet.fit(preset.spec, preset.recipes["fine_tune"], *examples, initial=initial)

    return kept(work / f"{name}-fold-{fold}.safetensors", epochs)


def kept(path, epochs):
    """Return the network in a file; if it does not exist, that of the last of `epochs()`, after saving it there."""
    if not path.exists():
        for epoch in epochs():
            print(f"{path.stem}, epoch {epoch.number}: loss {epoch.loss:.4f}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        epoch.network.save(path)
    return lenet.Network.load(path)


def readings(fields, networks):
    """Return what is read in fields by networks for whole numbers, given by name."""
    reader = Reader(mode="line", candidates=networks["candidates"], sliding_window=networks["sliding-window"])
    return [page.reading for page in reader.pages([field.picture for field in fields])]


def read_untrained(fields, work):
    """Return the text of every field, read by networks that saw no field."""
    networks = {name: pretrained(name, work) for name in line_examples.NETWORKS}
    return list(map(str, readings(fields, networks)))


def read_by_folds(fields, folds, work):
    """Return the text and the confidence of every field, read by networks that were not trained on its fold."""
    fold_numbers, texts, confidence = fold_of(len(fields), folds), [""] * len(fields), [0.0] * len(fields)
    for fold in range(folds):
        others = [fields[n] for n in np.flatnonzero(fold_numbers != fold)]
        networks = {name: fine_tuned(name, work, others, fold) for name in line_examples.NETWORKS}
        of_fold = np.flatnonzero(fold_numbers == fold)
        for at, reading in zip(of_fold, readings([fields[n] for n in of_fold], networks), strict=True):
            texts[at], confidence[at] = str(reading), reading.confidence
    return texts, confidence


def tesseract(paths):
    texts = []
    for path in paths:
        command = ["tesseract", str(path), "-", "--psm", "7", "-c", "tessedit_char_whitelist=0123456789"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        texts.append("".join(c for c in text if c.isdigit()))
    return texts


def rapidocr(paths):
    from rapidocr import RapidOCR

    engine = RapidOCR()
    texts = []
    for path in paths:
        lines = engine(str(path), use_det=False, use_cls=False, use_rec=True).txts or ()
        texts.append("".join(c for c in "".join(lines) if c in "0123456789"))
    return texts


def pretrained_reader(paths):
    reader = Reader(mode="line")
    return [str(reading) for reading in read_batches([str(path) for path in paths], reader)]


def timed(read, paths):
    """Return the texts, and pictures a second: the best of three."""
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        texts = read(paths)
        best = max(best, len(paths) / (time.perf_counter() - began))
    return texts, best


def accuracy(fields, folds, work):
    """Return the figures of the cross-validation."""
    texts, confidence = read_by_folds(fields, folds, work)
    truth = [field.text for field in fields]
    mistakes = dict(line.split("\t") for line in MISTAKES.read_text().splitlines()[1:])
    corrected = [mistakes.get(field.name, field.text) for field in fields]
    right = {
        name: [a == b for a, b in zip(texts, labels, strict=True)]
        for name, labels in (("fields", truth), ("corrected", corrected))
    }
    return {
        "untrained": fractions_right(read_untrained(fields, work), truth),
        "fields": {**fractions_right(texts, truth), "coverage": coverage(confidence, right["fields"])},
        "corrected": {**fractions_right(texts, corrected), "coverage": coverage(confidence, right["corrected"])},
        "mistakes": sum(a != b for a, b in zip(truth, corrected, strict=True)),
        "confidence": sorted([round(c, 9), r] for c, r in zip(confidence, right["corrected"], strict=True)),
    }


def beside_others(paths, truth):
    """Return what other programs read, and the pictures a second of the one that is not a command."""
    texts, speed = timed(rapidocr, paths)
    others = {"RapidOCR": fractions_right(texts, truth), "Tesseract": fractions_right(tesseract(paths), truth)}
    return others, {"RapidOCR": speed}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--fields", type=Path, required=True, help="a directory of fields")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "reading", help="where trainings are kept")
    parser.add_argument("--others", action="store_true", help="beside Tesseract and RapidOCR")
    add_out(parser, "reading.json")
    args = parser.parse_args()
    check_out(args.out)
    if args.others and shutil.which("tesseract") is None:
        raise SystemExit("the command tesseract is not there; Debian has it as tesseract-ocr")
    fields = read_fields(args.fields)
    paths = [args.fields / "images" / field.name for field in fields]
    command = f"benchmarks/reading.py --fields DIR{' --others' if args.others else ''}"
    result = {"command": command, **provenance(), "n": len(fields), "folds": args.folds}

    result |= accuracy(fields, args.folds, args.work)
    figures = {key: result[key] for key in ("untrained", "fields", "corrected")}
    print(figures, flush=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n")
    result["speed"] = {"lenet": timed(pretrained_reader, paths)[1]}
    if args.others:
        result["others"], speed = beside_others(paths, [field.text for field in fields])
        result["speed"] |= speed
    print({key: result[key] for key in ("speed", "others") if key in result}, flush=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
