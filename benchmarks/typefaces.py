"""How digits of other letterforms than MNIST's are read: handwriting typefaces, many of them of schoolbooks.

    python benchmarks/typefaces.py [--work DIR] [--typefaces N] [--others] [--out FILE]

No network was trained on them, but `lenet.synthesis.letterforms` has ones with short flags because they were read as
sevens here. The typefaces are packages of Fontsource, which the command `npm` downloads into --work unless they are
there. Every digit is read alone, and numbers of four to eight digits are drawn in each typeface, in black on white.
--others reads the numbers with RapidOCR as well, as benchmarks/reading.py does. Writes results/typefaces.json; that
needs a clean commit, and the package from this checkout (see publishing.py).
"""

import json
import random
import subprocess
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
from metrics import TARGET_ERROR, fractions_right
from PIL import Image, ImageDraw, ImageFont
from publishing import ROOT, add_out, check_out, parser_of
from reading import rapidocr

from lenet.experiments.provenance import provenance
from lenet.reading import Reader

NUMBERS, SEED = 6, 5
"""Numbers of each typeface, and the seed of their digits."""
SIZE_PX, EDGE_PX = 64, 24
"""The size of the type, and how much paper is around it."""

TYPEFACES = """
amita annie-use-your-telescope architects-daughter bad-script ballet beth-ellen bilbo caveat-brush caveat
cedarville-cursive charm charmonman chilanka comforter-brush coming-soon covered-by-your-grace crafty-girls
cute-font darumadrop-one dawning-of-a-new-day delius east-sea-dokdo edu-nsw-act-foundation edu-qld-beginner
edu-sa-beginner edu-tas-beginner edu-vic-wa-nt-beginner fuzzy-bubbles gaegu gamja-flower give-you-glory
gloria-hallelujah gochi-hand grape-nuts hachi-maru-pop handlee hi-melody homemade-apple indie-flower itim julee
just-another-hand kalam kiwi-maru klee-one kolker-brush kristi la-belle-aurore licorice liu-jian-mao-cao
long-cang loved-by-the-king lugrasimo ma-shan-zheng mali mansalva marck-script mynerve nanum-brush-script
nanum-gothic-coding nanum-pen-script neucha nothing-you-could-do over-the-rainbow pangolin patrick-hand
permanent-marker playwrite-ar playwrite-at playwrite-be-wal playwrite-br playwrite-ca playwrite-cl playwrite-co
playwrite-cu playwrite-cz playwrite-de-grund playwrite-de-sas playwrite-dk-loopet playwrite-es
playwrite-fr-moderne playwrite-fr-trad playwrite-hr playwrite-hu playwrite-id playwrite-ie playwrite-in
playwrite-is playwrite-it-moderna playwrite-it-trad playwrite-mx playwrite-ng-modern playwrite-nl playwrite-no
playwrite-nz playwrite-pe playwrite-pl playwrite-pt playwrite-ro playwrite-sk playwrite-tz playwrite-us-modern
playwrite-us-trad playwrite-vn playwrite-za poor-story reenie-beanie rock-salt ruge-boogie schoolbell
sedgwick-ave send-flowers shadows-into-light-two shadows-into-light short-stack single-day solitreo square-peg
sue-ellen-francisco sunshiney swanky-and-moo-moo the-girl-next-door tillana vujahday-script
waiting-for-the-sunrise walter-turncoat water-brush yomogi yusei-magic zen-kurenaido zeyada zhi-mang-xing
""".split()


def font_file(name, work):
    """Return the file of a typeface's Latin letters and digits; it is downloaded if it is not in `work`."""
    path = work / f"{name}.woff"
    if not path.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(work), f"@fontsource/{name}"]
        packed = work / subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
        with tarfile.open(packed) as package:
            path.write_bytes(package.extractfile(f"package/files/{name}-latin-400-normal.woff").read())
        packed.unlink()
    return path


def drawn(text, path):
    """Return a picture of a text in a typeface, black on white, uint8 (height, width)."""
    face = ImageFont.truetype(str(path), SIZE_PX)
    left, top, right, bottom = face.getbbox(text)
    picture = Image.new("L", (right - left + 2 * EDGE_PX, bottom - top + 2 * EDGE_PX), 255)
    ImageDraw.Draw(picture).text((EDGE_PX - left, EDGE_PX - top), text, font=face, fill=20)
    return np.asarray(picture)


def figures_of(readings, truth):
    """Return the fractions that are right and accepted, and the most frequent mistakes."""
    texts = [str(reading) for reading in readings]
    accepted = [a == b for a, b, reading in zip(texts, truth, readings, strict=True) if reading.accepted]
    pairs = zip(texts, truth, strict=True)
    mistakes = Counter(f"{b} as {a}" for x, y in pairs if len(x) == len(y) for a, b in zip(x, y, strict=True) if a != b)
    return {
        **fractions_right(texts, truth),
        "accepted": len(accepted) / len(truth),
        "wrong_among_accepted": 1 - sum(accepted) / max(1, len(accepted)),
        "mistakes": dict(mistakes.most_common(10)),
    }


def texts_of(paths):
    """Return the texts that are drawn, for each typeface as many: single digits and numbers."""
    choice = random.Random(SEED)
    numbers = ["".join(choice.choices("0123456789", k=choice.randint(4, 8))) for _ in paths for _ in range(NUMBERS)]
    return {"digit": [str(digit) for _ in paths for digit in range(10)], "line": numbers}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "typefaces", help="where typefaces are kept")
    parser.add_argument("--typefaces", type=int, default=len(TYPEFACES), help="so many typefaces only")
    parser.add_argument("--others", action="store_true", help="beside RapidOCR")
    add_out(parser, "typefaces.json")
    args = parser.parse_args()
    check_out(args.out)
    args.work.mkdir(parents=True, exist_ok=True)
    paths = [font_file(name, args.work) for name in TYPEFACES[: args.typefaces]]
    options = [f"--typefaces {len(paths)}"] if len(paths) < len(TYPEFACES) else []
    command = " ".join(["benchmarks/typefaces.py", *options, *(["--others"] if args.others else [])])
    result = {"command": command, **provenance(), "typefaces": len(paths)}
    texts = texts_of(paths)
    for mode, of_mode in texts.items():
        each = len(of_mode) // len(paths)
        pictures = [drawn(text, paths[n // each]) for n, text in enumerate(of_mode)]
        reader = Reader(mode=mode, reject=TARGET_ERROR)
        result[mode] = figures_of([page.reading for page in reader.pages(pictures)], of_mode)
        print(mode, result[mode], flush=True)
    if args.others:
        files = [args.work / f"{n}.png" for n in range(len(pictures))]
        for file, picture in zip(files, pictures, strict=True):
            Image.fromarray(picture).save(file)
        result["others"] = {"RapidOCR": fractions_right(rapidocr(files), texts["line"])}
        print(result["others"])
    args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
