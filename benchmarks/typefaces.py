"""How digits of other hands than MNIST's are read: handwriting typefaces, many of them schoolbooks'.

    python benchmarks/typefaces.py [--work DIR] [--others]

No network learnt from them, though that their ones were taken for sevens is why `lenet.hands` has the ones it has. The
typefaces are packages of Fontsource, fetched by the command `npm` into --work unless they lie there. Every digit is
read alone, and numbers of four to eight digits are written in each typeface, in black on white. --others reads the
numbers with RapidOCR as well, as benchmarks/reading.py does. Writes results/typefaces.json.
"""

import argparse
import json
import random
import subprocess
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from reading import WISHED, rapidocr, share_right

from lenet.bench import provenance
from lenet.reading import Reader

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "typefaces.json"
NUMBERS, SEED = 6, 5
"""Numbers of each typeface, and the seed of their digits."""
SIZE, EDGE = 64, 24
"""Of the type, and how much paper there is around it, in pixels."""

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


def fetched(name, work):
    """The file of a typeface's Latin letters and digits."""
    path = work / f"{name}.woff"
    if not path.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(work), f"@fontsource/{name}"]
        packed = work / subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
        with tarfile.open(packed) as package:
            path.write_bytes(package.extractfile(f"package/files/{name}-latin-400-normal.woff").read())
        packed.unlink()
    return path


def written(text, path):
    """Black on white, uint8 (height, width)."""
    face = ImageFont.truetype(str(path), SIZE)
    left, top, right, bottom = face.getbbox(text)
    picture = Image.new("L", (right - left + 2 * EDGE, bottom - top + 2 * EDGE), 255)
    ImageDraw.Draw(picture).text((EDGE - left, EDGE - top), text, font=face, fill=20)
    return np.asarray(picture)


def told(readings, texts):
    """What is right, what is accepted, and which mistakes are the commonest."""
    read = [str(reading) for reading in readings]
    accepted = [a == b for a, b, reading in zip(read, texts, readings, strict=True) if reading.accepted]
    pairs = zip(read, texts, strict=True)
    mistakes = Counter(f"{b} as {a}" for x, y in pairs if len(x) == len(y) for a, b in zip(x, y, strict=True) if a != b)
    return {
        **share_right(read, texts),
        "accepted": len(accepted) / len(texts),
        "wrong_among_accepted": 1 - sum(accepted) / max(1, len(accepted)),
        "mistakes": dict(mistakes.most_common(10)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "typefaces")
    parser.add_argument("--others", action="store_true", help="beside RapidOCR")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    paths = [fetched(name, args.work) for name in TYPEFACES]
    choice = random.Random(SEED)
    texts = {"digit": [str(digit) for _ in paths for digit in range(10)]}
    texts["line"] = [
        "".join(choice.choices("0123456789", k=choice.randint(4, 8))) for _ in paths for _ in range(NUMBERS)
    ]
    command = f"benchmarks/typefaces.py{' --others' if args.others else ''}"
    result = {"command": command, **provenance(), "typefaces": len(paths)}
    for mode, own in texts.items():
        each = len(own) // len(paths)
        pictures = [written(text, paths[n // each]) for n, text in enumerate(own)]
        result[mode] = told([page.reading for page in Reader(mode=mode, reject=WISHED).pages(pictures)], own)
        print(mode, result[mode], flush=True)
    if args.others:
        files = [args.work / f"{n}.png" for n in range(len(pictures))]
        for file, picture in zip(files, pictures, strict=True):
            Image.fromarray(picture).save(file)
        result["others"] = {"RapidOCR": share_right(rapidocr(files), texts["line"])}
        print(result["others"])
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
