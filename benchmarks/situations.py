"""How the pretrained networks read digits among other things: signs, letters, boxes, tables, turned and leaning pages.

    python benchmarks/situations.py [--count 12] [--only KIND] [--show DIR] [--out FILE]

Each kind of situation is drawn so many times with MNIST's test digits, and with signs and letters of typefaces on
which nothing was trained. A picture is right if all its digits are, line by line; where nothing is to be read, if it is
not accepted. Writes results/situations.json; that needs a clean commit, and the package from this checkout (see
publishing.py).
"""

import json
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from publishing import add_out, check_out, parser_of

import lenet
from lenet.experiments.provenance import provenance
from lenet.reading import Reader
from lenet.synthesis.compose import cut_out

COUNT, SEED = 12, 2026_21
REJECT = "1%"
PAPER, DARK = 238, 40
"""Grey levels."""
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
TYPEFACES = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSans-BoldOblique", "DejaVuSansMono", "cmr10")


@dataclass
class Situation:
    """A picture, the digits of its lines, and the options to read it with; None for digits is nothing to accept."""

    picture: np.ndarray
    lines: list[str] | None
    options: dict = field(default_factory=dict)


class Drawer:
    """Draws digits, signs and lines on paper: uint8 arrays of ink, 0 = paper and 255 = ink."""

    def __init__(self, digits, random):
        self.digits, self.random = digits, random
        self.size = int(random.integers(26, 56))
        self.pen = max(2, round(self.size * random.uniform(0.06, 0.12)))

    def number(self, low=2, high=6):
        """Return the digits of a random number as text."""
        return "".join(map(str, self.random.integers(0, 10, self.random.integers(low, high + 1))))

    def digit(self, label, size=None):
        """Return a digit of MNIST's, scaled to about a height."""
        size = (size or self.size) * self.random.uniform(0.9, 1.1)
        samples = self.digits[int(label)]
        crop = samples[self.random.integers(len(samples))]
        scale = size / max(crop.shape[0], 0.7 * crop.shape[1])
        shape = (max(2, round(crop.shape[1] * scale)), max(2, round(crop.shape[0] * scale)))
        return cv2.resize(crop, shape, interpolation=cv2.INTER_CUBIC)

    def glyph(self, text):
        """Return a sign or a word of a typeface, as high as a digit where its shape allows."""
        size = round(self.size * self.random.uniform(1.1, 1.4))
        font = ImageFont.truetype(str(FONTS / f"{self.random.choice(TYPEFACES[:5])}.ttf"), size)
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("L", (right - left + 2, bottom - top + 2))
        ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
        return np.asarray(image)

    def text(self, text, gap=0.28):
        """Return a line of text: digits are MNIST's, everything else is of a typeface; a blank is a wide gap."""
        parts = []
        for word in text.split(" "):
            run = ""
            for character in [*word, ""]:
                if character.isdigit() or not character:
                    if run:
                        parts.append((self.glyph(run), self._base_of(run)))
                        run = ""
                    if character:
                        parts.append((self.digit(character), 0.0))
                else:
                    run += character
            parts.append(None)
        return self._joined(parts[:-1], gap)

    def _base_of(self, run):
        """Return how far above the digits' foot a sign ends, in heights of a digit."""
        raised = {"-": 0.45, "−": 0.45, "=": 0.3, "+": 0.15, "×": 0.15, "÷": 0.1, "*": 0.5}
        return raised.get(run, -0.12 if run in ",;()/" else 0.0)

    def _joined(self, parts, gap):
        height = round(1.7 * self.size)
        base, columns, x = round(1.3 * self.size), [], 0
        for part in parts:
            if part is None:
                x += round(self.size * self.random.uniform(0.6, 1.0))
                continue
            ink, raised = part
            bottom = base - round(raised * self.size) + round(self.random.normal(0, 0.02 * self.size))
            columns.append((ink, x, bottom - ink.shape[0]))
            x += ink.shape[1] + max(2, round(self.size * gap * self.random.uniform(0.6, 1.3)))
        sheet = np.zeros((height + self.size, x + self.size), np.uint8)
        for ink, left, top in columns:
            place(sheet, ink, left, max(0, top))
        return cropped(sheet)

    def margin(self, ink, around=1.0):
        """Return ink with paper around it."""
        widths = [round(self.size * around * self.random.uniform(0.7, 1.5)) for _ in range(4)]
        return np.pad(ink, (widths[:2], widths[2:]))

    def paper(self, ink, dark=DARK):
        """Return ink on grainy paper: grey levels."""
        level = PAPER - 8 * self.random.random()
        grey = level - (level - dark) * (ink / 255.0) + self.random.normal(0, 2, ink.shape)
        return grey.clip(0, 255).astype(np.uint8)


def place(sheet, ink, left, top):
    """Draw ink on a sheet of ink."""
    part = sheet[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)


def cropped(ink):
    """Return ink without the paper around it."""
    rows, columns = np.nonzero(ink.max(axis=1) > 20)[0], np.nonzero(ink.max(axis=0) > 20)[0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def only_digits(text):
    """Return the digits of a text."""
    return "".join(filter(str.isdigit, text))


def written(draw, text, lines=None):
    """Return a line of text as a situation; its digits are what is to be read."""
    return Situation(draw.paper(draw.margin(draw.text(text))), lines or [only_digits(text)])


def turned(draw, quarters):
    number = draw.number(5, 7)
    return Situation(np.rot90(draw.paper(draw.margin(draw.text(number))), quarters).copy(), [number])


def skewed(draw, degrees):
    number = draw.number(5, 7)
    ink = draw.margin(draw.text(number), 0.5)
    angle = np.radians(degrees) * draw.random.choice([-1, 1])
    height, width = ink.shape
    size = (round(width * abs(np.cos(angle)) + height * abs(np.sin(angle))) + draw.size,) * 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), np.degrees(angle), 1.0)
    matrix[:, 2] += np.array(size) / 2 - np.array([width, height]) / 2
    return Situation(draw.paper(cv2.warpAffine(ink, matrix, size, flags=cv2.INTER_LINEAR)), [number])


def columns_of(draw, gap):
    rows, pairs = int(draw.random.integers(3, 6)), []
    for _ in range(rows):
        pairs.append((draw.number(4, 4), draw.number(4, 4)))
    inks = [(draw.text(a), draw.text(b)) for a, b in pairs]
    second = max(a.shape[1] for a, _ in inks) + round(gap * draw.size)
    step = round(1.8 * draw.size)
    sheet = np.zeros((rows * step + draw.size, second + max(b.shape[1] for _, b in inks)), np.uint8)
    for row, (a, b) in enumerate(inks):
        place(sheet, a, 0, row * step)
        place(sheet, b, second, row * step + int(draw.random.integers(0, max(1, draw.size // 10))))
    return draw.paper(draw.margin(sheet)), pairs


def columns_near(draw):
    picture, pairs = columns_of(draw, draw.random.uniform(1.6, 2.4))
    return Situation(picture, [a + b for a, b in pairs], {"joined": True})


def columns_far(draw):
    picture, pairs = columns_of(draw, draw.random.uniform(6, 9))
    return Situation(picture, [a for a, _ in pairs] + [b for _, b in pairs])


def boxed(draw, shape="box"):
    number = draw.number(3, 6)
    ink = draw.text(number)
    sides = [round(draw.size * draw.random.uniform(0.25, 0.6)) for _ in range(2)]
    if shape == "circle":
        sides = [round(0.3 * ink.shape[0]), round(0.3 * ink.shape[1])]
    ink = np.ascontiguousarray(np.pad(ink, [(sides[0],) * 2, (sides[1],) * 2]))
    height, width = ink.shape
    if shape == "circle":
        middle, axes = (width // 2, height // 2), (width // 2 - draw.pen, height // 2 - draw.pen)
        cv2.ellipse(ink, middle, axes, 0, 0, 360, 255, draw.pen, cv2.LINE_AA)
    else:
        cv2.rectangle(ink, (draw.pen, draw.pen), (width - draw.pen, height - draw.pen), 255, draw.pen)
    return Situation(draw.paper(draw.margin(ink)), [number])


def underlined(draw, lines):
    number = draw.number(3, 6)
    ink = np.ascontiguousarray(np.pad(draw.text(number), ((0, draw.size), (4, 4))))
    y = ink.shape[0] - draw.size + round(draw.size * draw.random.uniform(0.15, 0.3))
    for line in range(lines):
        at = y + round(line * 2.4 * draw.pen)
        cv2.line(ink, (2, at + 1), (ink.shape[1] - 3, at - 1), 255, draw.pen, cv2.LINE_AA)
    return Situation(draw.paper(draw.margin(ink)), [number])


def comb(draw, blanks=0, touching=False, around=True):
    """Return a row of cells with a digit each; the last ones may be blank, digits may touch the walls."""
    number = draw.number(4, 6)
    cell, pen = round(1.5 * draw.size), max(2, draw.pen // 2)
    sheet = np.zeros((cell + pen, cell * (len(number) + blanks) + pen), np.uint8)
    for at in range(len(number) + blanks + 1):
        cv2.line(sheet, (at * cell + pen // 2, 0), (at * cell + pen // 2, cell + pen), 255, pen)
    for y in (pen // 2, cell + pen // 2):
        cv2.line(sheet, (0, y), (sheet.shape[1], y), 255, pen)
    for at, label in enumerate(number):
        ink = draw.digit(label, draw.size * (1.25 if touching else 0.85))
        x = at * cell + (cell - ink.shape[1]) // 2 + round(draw.random.normal(0, 0.04) * cell)
        y = cell + pen - ink.shape[0] if touching else (cell - ink.shape[0]) // 2
        place(sheet, ink, max(0, x), max(0, y))
    if not around:
        return Situation(draw.paper(sheet), [number], {"grid": (1, len(number) + blanks)})
    return Situation(draw.paper(draw.margin(sheet, 0.5)), [number])


def table(draw, leaning=0.0):
    """Return a table that fills the picture, a digit in most cells."""
    rows, columns = draw.random.integers(3, 7, 2)
    cell, pen = round(1.6 * draw.size), max(1, draw.pen // 2)
    sheet, lines = np.zeros((rows * cell + pen, columns * cell + pen), np.uint8), []
    for row in range(rows):
        number = ""
        for column in range(columns):
            if draw.random.random() < 0.15:
                continue
            number += draw.number(1, 1)
            ink = draw.digit(number[-1], 0.9 * draw.size)
            place(sheet, ink, column * cell + (cell - ink.shape[1]) // 2, row * cell + (cell - ink.shape[0]) // 2)
        lines += [number] if number else []
    for at in range(rows + 1):
        cv2.line(sheet, (0, at * cell), (sheet.shape[1], at * cell), 255, pen * (1 + (at % 3 == 0)))
    for at in range(columns + 1):
        cv2.line(sheet, (at * cell, 0), (at * cell, sheet.shape[0]), 255, pen * (1 + (at % 3 == 0)))
    options = {"grid": (int(rows), int(columns))}
    if leaning:
        height, width = sheet.shape
        edge = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
        moved = edge + draw.random.uniform(0, leaning, (4, 2)).astype(np.float32) * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
        matrix = cv2.getPerspectiveTransform(edge, np.float32(moved))
        sheet = cv2.warpPerspective(sheet, matrix, (width, height))
    return Situation(draw.paper(sheet), lines, options)


def crossed_out(draw):
    ink = np.ascontiguousarray(draw.text(draw.number(3, 6)))
    middle = ink.shape[0] // 2
    for _ in range(int(draw.random.integers(1, 3))):
        ends = middle + draw.random.normal(0, 0.08 * draw.size, 2).astype(int)
        cv2.line(ink, (0, int(ends[0])), (ink.shape[1], int(ends[1])), 255, draw.pen, cv2.LINE_AA)
    return Situation(draw.paper(draw.margin(ink)), None)


def squared(draw, dark):
    number = draw.number(4, 6)
    ink = draw.margin(draw.text(number)).astype(float)
    step = round(draw.size * draw.random.uniform(0.4, 0.7))
    level = 200 if dark else 70
    ink[::step] = np.maximum(ink[::step], level)
    ink[:, ::step] = np.maximum(ink[:, ::step], level)
    return Situation(draw.paper(ink), [number])


def gradient(draw):
    height, width = draw.random.integers(60, 240, 2)
    slope = np.add.outer(np.linspace(0, 1, height) * draw.random.random(), np.linspace(0, 1, width))
    low, high = sorted(draw.random.integers(20, 250, 2))
    return Situation((low + (high - low) * slope / slope.max()).astype(np.uint8), None)


def tight(draw, light_ink=False):
    """Return a digit that is cut out without any paper around it."""
    label = draw.number(1, 1)
    ink = draw.digit(label, 2 * draw.size)
    return Situation(ink if light_ink else 255 - ink, [label])


def broken(draw):
    """Return a digit whose stroke has gaps, as thresholding leaves thin pens."""
    label = draw.number(1, 1)
    ink = draw.digit(label, 2 * draw.size)
    ink = np.where(ink > 110, 255, 0).astype(np.uint8)
    ink = cv2.erode(ink, np.ones((3, 3), np.uint8), iterations=max(1, round(draw.size * 0.05)))
    for _ in range(int(draw.random.integers(1, 4))):
        rows, columns = np.nonzero(ink)
        if not len(rows):
            break
        at = draw.random.integers(len(rows))
        radius = max(2, round(0.05 * draw.size))
        cv2.circle(ink, (int(columns[at]), int(rows[at])), radius, 0, -1)
    return Situation(255 - draw.margin(ink, 0.5), [label])


def thin(draw):
    """Return a large digit drawn with a thin pen in the middle of a canvas, as drawing programs give it."""
    label = draw.number(1, 1)
    ink = draw.digit(label, 3 * draw.size)
    skeleton = cv2.erode((ink > 128).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(1, draw.size // 12))
    ink = 255 * cv2.dilate(skeleton, np.ones((2, 2), np.uint8))
    return Situation(255 - draw.margin(ink, 2.0), [label])


def neighbours(draw):
    """Return a crop around a digit with parts of its neighbours at the picture's sides."""
    label = draw.number(1, 1)
    middle, left, right = draw.digit(label), draw.digit(draw.number(1, 1)), draw.digit(draw.number(1, 1))
    gap = round(0.35 * draw.size)
    width = left.shape[1] // 3 + gap + middle.shape[1] + gap + right.shape[1] // 3
    sheet = np.zeros((round(1.5 * draw.size), width), np.uint8)
    for ink, x in (
        (left[:, -(left.shape[1] // 3) :], 0),
        (middle, left.shape[1] // 3 + gap),
        (right[:, : right.shape[1] // 3], width - right.shape[1] // 3),
    ):
        place(sheet, ink, x, (sheet.shape[0] - ink.shape[0]) // 2)
    return Situation(draw.paper(sheet), [label], {"mode": "digit"})


def letters_only(draw):
    word = "".join(draw.random.choice([*string.ascii_letters], int(draw.random.integers(3, 8))))
    return Situation(draw.paper(draw.margin(draw.text(word))), None)


def signs_only(draw, signs):
    text = " ".join(draw.random.choice([*signs], int(draw.random.integers(2, 6))))
    return Situation(draw.paper(draw.margin(draw.text(text))), None)


def words(draw):
    before, after = (
        draw.random.choice(["No ", "Total ", "Nr. ", "Invoice ", "Sum: ", ""]),
        draw.random.choice([" kg", " cm", " EUR", " pcs", ""]),
    )
    return written(draw, f"{before or 'Id '}{draw.number(2, 6)}{after}")


KINDS: dict[str, Callable[[Drawer], Situation]] = {
    "number": lambda draw: written(draw, draw.number(2, 7)),
    "percent": lambda draw: written(draw, draw.number(1, 3) + "%"),
    "currency": lambda draw: written(draw, draw.random.choice([*"$€£¥"]) + draw.number(2, 4) + "." + draw.number(2, 2)),
    "currency-after": lambda draw: written(draw, draw.number(2, 4) + draw.random.choice([*"€£¥"])),
    "date": lambda draw: written(draw, "/".join((draw.number(2, 2), draw.number(2, 2), draw.number(4, 4)))),
    "clock": lambda draw: written(draw, f"{draw.number(2, 2)}:{draw.number(2, 2)}"),
    "decimal": lambda draw: written(draw, draw.number(1, 4) + draw.random.choice([*".,"]) + draw.number(1, 3)),
    "plus": lambda draw: written(draw, f"{draw.number(1, 3)}+{draw.number(1, 3)}"),
    "minus": lambda draw: written(draw, f"{draw.number(1, 3)}−{draw.number(1, 3)}"),
    "times": lambda draw: written(draw, f"{draw.number(1, 3)}×{draw.number(1, 3)}"),
    "divided": lambda draw: written(draw, f"{draw.number(1, 3)}÷{draw.number(1, 3)}"),
    "equals": lambda draw: written(draw, f"{draw.number(1, 2)}+{draw.number(1, 2)}={draw.number(2, 2)}"),
    "brackets": lambda draw: written(draw, f"({draw.number(2, 5)})"),
    "hash": lambda draw: written(draw, "#" + draw.number(2, 5)),
    "words": words,
    "letter-inside": lambda draw: written(
        draw, f"A{draw.number(2, 3)}{draw.random.choice([*'BKXRT'])}{draw.number(2, 3)}"
    ),
    "boxed": boxed,
    "circled": lambda draw: boxed(draw, "circle"),
    "underlined": lambda draw: underlined(draw, 1),
    "underlined-twice": lambda draw: underlined(draw, 2),
    "comb": comb,
    "comb-blank": lambda draw: comb(draw, blanks=4),
    "grid-touching": lambda draw: comb(draw, touching=True, around=False),
    "table": table,
    "table-leaning": lambda draw: table(draw, leaning=0.6 * draw.size),
    "columns-near": columns_near,
    "columns-far": columns_far,
    "skewed-8": lambda draw: skewed(draw, 8),
    "skewed-15": lambda draw: skewed(draw, 15),
    "skewed-20": lambda draw: skewed(draw, 20),
    "turned-90": lambda draw: turned(draw, 1),
    "turned-180": lambda draw: turned(draw, 2),
    "turned-270": lambda draw: turned(draw, 3),
    "squared": lambda draw: squared(draw, dark=False),
    "squared-dark": lambda draw: squared(draw, dark=True),
    "tight": tight,
    "tight-light": lambda draw: tight(draw, light_ink=True),
    "broken": broken,
    "thin": thin,
    "neighbours": neighbours,
    "crossed-out": crossed_out,
    "gradient": gradient,
    "letters-only": letters_only,
    "brackets-only": lambda draw: signs_only(draw, "()[]/"),
    "signs-only": lambda draw: signs_only(draw, "+−×÷=%$€£#"),
}
"""How each kind of situation is drawn."""


def situations(kind, count, digits):
    """Return so many situations of a kind; they do not depend on the others."""
    number = list(KINDS).index(kind)
    randoms = (np.random.Generator(np.random.Philox(key=[SEED, 1000 * number + k])) for k in range(count))
    return [KINDS[kind](Drawer(digits, random)) for random in randoms]


def read(situation):
    """Return the reading of a situation, and whether it is right."""
    options = {name: value for name, value in situation.options.items() if name != "joined"}
    (page,) = Reader(reject=REJECT, **options).pages([situation.picture])
    if situation.lines is None:
        return page.reading, not page.reading.accepted
    lines = [line.text for line in page.reading.lines]
    if situation.options.get("joined"):
        return page.reading, "".join(lines) == "".join(situation.lines)
    return page.reading, lines == situation.lines


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures of each kind")
    parser.add_argument("--only", help="one kind, or the beginning of several kinds' names")
    parser.add_argument("--show", type=Path, help="a directory for the pictures that were misread")
    add_out(parser, "situations.json")
    args = parser.parse_args()
    check_out(args.out)
    digits = cut_out(*lenet.data.mnist("test"))
    result = {"command": "benchmarks/situations.py", **provenance(), "n": 0, "kinds": {}}
    for kind in (kind for kind in KINDS if not args.only or kind.startswith(args.only)):
        outcomes = []
        for number, situation in enumerate(situations(kind, args.count, digits)):
            reading, right = read(situation)
            outcomes.append((right, bool(reading.accepted)))
            if args.show and not right:
                args.show.mkdir(parents=True, exist_ok=True)
                accepted = "-accepted" if reading.accepted else ""
                read_as = reading.text.replace("\n", "_")[:30]
                Image.fromarray(situation.picture).save(args.show / f"{kind}-{number}-{read_as}{accepted}.png")
        of_kind = {
            "right": sum(right for right, _ in outcomes) / len(outcomes),
            "accepted": sum(accepted for _, accepted in outcomes) / len(outcomes),
            "accepted_wrong": sum(accepted and not right for right, accepted in outcomes) / len(outcomes),
        }
        result["kinds"][kind] = of_kind
        result["n"] += len(outcomes)
        print(f"{kind:18}" + "".join(f"{name} {100 * value:6.1f} %  " for name, value in of_kind.items()), flush=True)
    for name in ("right", "accepted", "accepted_wrong"):
        result[name] = float(np.mean([of_kind[name] for of_kind in result["kinds"].values()]))
        print(f"{name} {100 * result[name]:.1f} %")
    args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
