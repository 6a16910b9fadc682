"""The page of what `lenet.reproduce` measured: every preset beside what its source reports, and a picture."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lenet import figures as drawings
from lenet.entry import Preset
from lenet.presets import literature
from lenet.reproduce import REMEDY, Table
from lenet.weights import replace_file


def _mean(values: Sequence[float], digits: int = 2) -> str:
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _good(figures: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [o for o in figures.get(name, {}).get("outcomes", []) if "failed" not in o]


def _row(name: str, entry: Preset, figures: Mapping[str, Any]) -> str:
    published = "not given" if entry.published.error is None else f"{entry.published.error:g}"
    outcomes = _good(figures, name)
    asked = len(figures.get(name, {}).get("outcomes", []))
    failed = f"{asked - len(outcomes)} of {asked} failed" if len(outcomes) < asked else ""
    if not outcomes:
        return f"| `{name}` | {published} | {failed or 'not trained yet'} | | | | | | |"
    steps = statistics.mean(o["steps"] for o in outcomes)
    seconds = statistics.mean(o["seconds"] for o in outcomes)
    cells = (
        published,
        _mean([o["error"] for o in outcomes]) + (f" ({failed})" if failed else ""),
        str(len(outcomes)),
        _mean([o["epochs"] for o in outcomes], 0).removesuffix(" ± 0"),
        f"{seconds:,.1f}",
        f"{1e3 * seconds / steps:.3g}",
        f"{entry.spec.parameters:,}",
        f"{entry.spec.connections:,}",
    )
    return f"| `{name}` | {' | '.join(cells)} |"


_HEAD = """# The LeNets, reproduced

What each source reports, and what its network reaches here when trained by its own recipe: `lenet reproduce`. Every
training uses MNIST's 60,000 training images (or as many as its steps need) but those that its source holds out, and the
10,000 test images once, at its end; a ± is the standard deviation over the seeds. Nothing was chosen by these errors:
where a source leaves something open, it was settled on training images held out, or by what others usually do, and it
is listed below. Where a step takes one image, a training uses one thread, and several run side by side; all others use
all threads.

| network | published error, % | ours, % | seeds | epochs | seconds | milliseconds a step | parameters | connections |
|---|---|---|---|---|---|---|---|---|
"""

_FIGURE = """
![Time and width; loss against time](figures/reproducing.png)

Left, how the time of a step grows with the network: every network's time for one training image against the
multiplications by a weight that it needs. Right, training loss against time for networks that their sources compare.
"""


def page(figures: Mapping[str, Any], table: Table = literature) -> str:
    """Return the page of the figures as Markdown."""
    lines = [_HEAD.rstrip("\n")]
    lines += [_row(name, entry, figures) for name, entry in table.items()]
    lines += ["", *sorted(_machines(figures, table)), _FIGURE.rstrip("\n"), "", "## What the sources compare", ""]
    lines += [line for name, entry in table.items() for line in _comparison(name, entry, figures)]
    lines += ["", "## Where a source's own recipe fails", ""]
    for name, entry in table.items():
        lines += _failure(name, entry, figures)
    lines += ["", "## What the sources leave open, and what was assumed", ""]
    for name, entry in table.items():
        remark = f" ({entry.published.remark})" if entry.published.remark else ""
        lines.append(f"- `{name}`{remark}: {entry.source}.")
        lines += [f"  - {question}" for question in entry.open_questions]
    return "\n".join(lines) + "\n"


def _machines(figures: Mapping[str, Any], table: Table) -> set[str]:
    by: dict[str, list[str]] = {}
    for name in filter(figures.__contains__, table):
        f = figures[name]
        text = f"{f['processor']}, {f['threads']} threads, {f['date']}, lenet {f['lenet']}, commit {f['commit']}"
        by.setdefault(text, []).append(f"`{name}`")
    return {f"On {where}: {', '.join(names)}." for where, names in by.items()}


def _comparison(name: str, entry: Preset, figures: Mapping[str, Any]) -> list[str]:
    ours = {o["seed"]: o["error"] for o in _good(figures, name)}
    others = {o["seed"]: o["error"] for o in _good(figures, entry.rival or "")}
    both = sorted(set(ours) & set(others))
    if not both:
        return []
    differences = [ours[seed] - others[seed] for seed in both]
    seeds = f"{len(both)} seeds" if len(both) > 1 else "one seed"
    return [
        f"- `{name}` against `{entry.rival}`: {_mean([ours[s] for s in both])} % against "
        f"{_mean([others[s] for s in both])} %, a difference of {_mean(differences)} over {seeds}."
    ]


def _failure(name: str, entry: Preset, figures: Mapping[str, Any]) -> list[str]:
    """Where there is a remedy: what came of the recipe and of the remedy; else the trainings that failed."""
    trainings = [(f"`{name}` by its own recipe", name)]
    if entry.remedy:
        own = vars(entry.recipe)
        changed = [f"{key} {value!r}" for key, value in vars(entry.remedy).items() if value != own[key]]
        trainings.append(("with " + ", ".join(changed), f"{name} {REMEDY}"))
    lines = []
    for title, key in trainings:
        for outcome in figures.get(key, {}).get("outcomes", []):
            if "failed" in outcome:
                text = outcome["failed"]
            elif entry.remedy:
                dead = ", ".join(f"{100 * share:.0f} % of {layer}" for layer, share in outcome["dead"].items())
                text = f"{outcome['error']:.2f} % test error; dead units (0 for each of 1,000 images): {dead}"
            else:
                continue
            lines.append(f"- {title}, seed {outcome['seed']}: {text}.")
    return lines


def _per_image(figures: Mapping[str, Any], name: str, entry: Preset) -> float | None:
    """Return the microseconds that one image of training took; None without figures."""
    images = entry.recipe.batch_size
    times = [1e6 * o["seconds"] / (o["steps"] * images) for o in _good(figures, name)]
    return statistics.mean(times) if times else None


def by_width(figures: Mapping[str, Any], table: Table = literature) -> dict[str, tuple[int, float]]:
    """Return for each preset the multiplications by a weight for one image, and the microseconds of its training."""
    found = {}
    for name, entry in table.items():
        time_of_one = _per_image(figures, name, entry)
        if time_of_one is not None:
            work = sum(layer.multiplications(shape) for layer, shape in entry.spec.steps())
            found[name] = (work, time_of_one)
    return found


def compared_curves(figures: Mapping[str, Any], table: Table = literature) -> dict[str, list[tuple[float, float]]]:
    """Return (seconds, training loss) for networks that their sources compare and that minimise the same loss."""
    found = {}
    for name, entry in table.items():
        rival = table.get(entry.rival or "")
        if rival is None or rival.recipe.loss != entry.recipe.loss:
            continue
        for each in (entry.rival or "", name):
            for outcome in _good(figures, each)[:1]:
                step = outcome["seconds"] / outcome["steps"]
                found[each] = [(step * at, loss) for at, loss in outcome["curve"]]
    return found


def write(figures: Mapping[str, Any], path: Path, table: Table = literature) -> None:
    """Write the page of the figures to `path` and its picture to ``figures/`` beside it, if matplotlib is there."""
    replace_file(path, page(figures, table).encode())
    if drawings.available():
        (path.parent / "figures").mkdir(exist_ok=True)
        picture = path.parent / "figures" / "reproducing.png"
        drawings.reproduced(by_width(figures, table), compared_curves(figures, table), picture)
