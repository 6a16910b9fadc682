"""The page and the picture of the figures that `lenet reproduce` measured, beside what the sources report."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lenet import plots
from lenet.experiments.reproduce import REMEDY
from lenet.extras import is_installed
from lenet.model.file import replace_file
from lenet.zoo.preset import Preset, PresetTable
from lenet.zoo.presets import literature

ACCURACY_STEPS = (0, 50, 100, 200, 290, 500, 990)
"""The steps whose training accuracies are in the table."""


def _mean(values: Sequence[float], digits: int = 2) -> str:
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _succeeded(figures: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [o for o in figures.get(name, {}).get("outcomes", []) if "failed" not in o]


def _step_seconds(outcomes: Sequence[Mapping[str, Any]]) -> float:
    """Return the seconds of a step in the training that other programs disturbed least."""
    return min(float(outcome["seconds"]) / float(outcome["steps"]) for outcome in outcomes)


def _row(name: str, preset: Preset, figures: Mapping[str, Any]) -> str:
    published = "not given" if preset.published.error is None else f"{preset.published.error:g}"
    outcomes = _succeeded(figures, name)
    asked = len(figures.get(name, {}).get("outcomes", []))
    failed = f"{asked - len(outcomes)} of {asked} failed" if len(outcomes) < asked else ""
    if not outcomes:
        return f"| `{name}` | {published} | {failed} | | | | | | |"
    step = _step_seconds(outcomes)
    cells = (
        published,
        _mean([o["error"] for o in outcomes]) + (f" ({failed})" if failed else ""),
        str(len(outcomes)),
        _mean([o["epochs"] for o in outcomes], 0).removesuffix(" ± 0"),
        f"{step * statistics.mean(o['steps'] for o in outcomes):,.1f}",
        f"{1e3 * step:.3g}",
        f"{preset.spec.parameters:,}",
        f"{preset.spec.connections:,}",
    )
    return f"| `{name}` | {' | '.join(cells)} |"


_HEAD = """# The LeNets, reproduced

What each source reports, and what its network reaches here when trained by its own recipe: `lenet reproduce`. Every
training uses MNIST's 60,000 training images (or as many as its steps need) except those that its source keeps for
validation, and the 10,000 test images once, at its end, and after the epochs for which its source prints a test error;
a ± is the standard deviation over the seeds. The time of a step is that of the fastest seed, since other programs run
on the machines. Nothing was chosen by these errors: where a source leaves something open, it was settled on hold-out
images of the training set, or by what others usually do, and it is listed below. Where a step takes one image, a
training uses one thread, and several run side by side; all others use all threads.

| network | published error, % | ours, % | seeds | epochs | seconds | milliseconds a step | parameters | connections |
|---|---|---|---|---|---|---|---|---|
"""

_FIGURE = """
![Time and width; loss against time](figures/reproducing.png)

Left, how the time of a step grows with the network: a network's time for one training image against the
multiplications by a weight that it needs, on the machine on which most were trained. Right, training loss against time
for networks that their sources compare.
"""


def page(figures: Mapping[str, Any], table: PresetTable = literature) -> str:
    """Return the page of the figures as Markdown."""
    lines = [_HEAD.rstrip("\n")]
    lines += [_row(name, preset, figures) for name, preset in table.items() if name in figures]
    lines += ["", *sorted(_machines(figures, table)), _FIGURE.rstrip("\n"), "", "## What the sources compare", ""]
    lines += [line for name, preset in table.items() for line in _comparison(name, preset, figures)]
    lines += [line for name, preset in table.items() for line in _errors_after(name, preset, figures)]
    lines += _accuracies(figures, table)
    lines += ["", "## Where a source's own recipe fails", ""]
    for name, preset in table.items():
        lines += _failure(name, preset, figures)
    lines += ["", "## What the sources leave open, and what was assumed", ""]
    for name, preset in ((name, preset) for name, preset in table.items() if name in figures):
        remark = f" ({preset.published.remark})" if preset.published.remark else ""
        lines.append(f"- `{name}`{remark}: {preset.source}.")
        lines += [f"  - {question}" for question in preset.open_questions]
    return "\n".join(lines) + "\n"


def _machines(figures: Mapping[str, Any], table: PresetTable) -> set[str]:
    by: dict[str, list[str]] = {}
    for name in filter(figures.__contains__, table):
        f = figures[name]
        text = f"{f['processor']}, {f['threads']} threads, {f['date']}, lenet {f['lenet']}, commit {f['commit']}"
        by.setdefault(text, []).append(f"`{name}`")
    return {f"On {where}: {', '.join(names)}." for where, names in by.items()}


def _comparison(name: str, preset: Preset, figures: Mapping[str, Any]) -> list[str]:
    ours = {o["seed"]: o["error"] for o in _succeeded(figures, name)}
    others = {o["seed"]: o["error"] for o in _succeeded(figures, preset.compared_with or "")}
    both = sorted(set(ours) & set(others))
    if not both:
        return []
    differences = [ours[seed] - others[seed] for seed in both]
    seeds = f"{len(both)} seeds" if len(both) > 1 else "one seed"
    return [
        f"- `{name}` against `{preset.compared_with}`: {_mean([ours[s] for s in both])} % against "
        f"{_mean([others[s] for s in both])} %, a difference of {_mean(differences)} over {seeds}."
    ]


def _errors_after(name: str, preset: Preset, figures: Mapping[str, Any]) -> list[str]:
    """Return lines with the test errors that a source prints during its training, and ours after the same epochs."""
    outcomes = [dict(o.get("errors_after", ())) for o in _succeeded(figures, name)]
    if not preset.published.error_after or not any(outcomes):
        return []
    lines = ["", f"Test error of `{name}` during its training, of the best network on validation so far:", ""]
    lines += ["| after epoch | published, % | ours, % | seeds |", "|---|---|---|---|"]
    for epoch, error in preset.published.error_after:
        ours = [outcome[epoch] for outcome in outcomes if epoch in outcome]
        if ours:
            lines.append(f"| {epoch} | {error:.2f} | {_mean(ours)} | {len(ours)} |")
    return lines


def accuracy_curves(
    figures: Mapping[str, Any], table: PresetTable = literature
) -> dict[str, list[list[tuple[int, float]]]]:
    """Return the training accuracies (steps, accuracy) of every seed, for the presets whose sources plot them."""
    plotted = [name for name, preset in table.items() if preset.published.accuracy_every]
    curves = {name: [o["accuracies"] for o in _succeeded(figures, name) if o.get("accuracies")] for name in plotted}
    return {name: seeds for name, seeds in curves.items() if seeds}


def _accuracies(figures: Mapping[str, Any], table: PresetTable) -> list[str]:
    """Return lines about the training accuracies that sources plot: the figure, and some values."""
    curves = accuracy_curves(figures, table)
    if not curves:
        return []
    lines = ["", "![Training accuracy of the current minibatch](figures/training-accuracy.png)", ""]
    lines += [
        "These sources plot the training accuracy of the current minibatch before its step; means over the seeds:"
    ]
    lines += ["", f"| network | {' | '.join(f'step {step}' for step in ACCURACY_STEPS)} |"]
    lines += ["|---|" + "---|" * len(ACCURACY_STEPS)]
    for name, seeds in curves.items():
        cells = [[dict(curve)[step] for curve in seeds if step in dict(curve)] for step in ACCURACY_STEPS]
        lines.append(f"| `{name}` | {' | '.join(_percent(values) for values in cells)} |")
    return [*lines, "", *(f"- `{name}`, its source: {table[name].published.remark}." for name in curves)]


def _percent(values: Sequence[float]) -> str:
    return f"{100 * statistics.mean(values):.1f} %" if values else ""


def _failure(name: str, preset: Preset, figures: Mapping[str, Any]) -> list[str]:
    """Return lines about the recipe and its remedy, if there is one; else about the trainings that failed."""
    trainings, remedy = [(f"`{name}` by its own recipe", name)], preset.recipes.get(REMEDY)
    if remedy:
        original = vars(preset.recipe)
        changed = [f"{key} {value!r}" for key, value in vars(remedy).items() if value != original[key]]
        trainings.append(("with " + ", ".join(changed), f"{name} {REMEDY}"))
    lines = []
    for title, key in trainings:
        for outcome in figures.get(key, {}).get("outcomes", []):
            if "failed" in outcome:
                text = outcome["failed"]
            elif remedy:
                dead = ", ".join(f"{100 * fraction:.0f} % of {layer}" for layer, fraction in outcome["dead"].items())
                text = f"{outcome['error']:.2f} % test error; dead units (0 for each of 1,000 images): {dead}"
            else:
                continue
            lines.append(f"- {title}, seed {outcome['seed']}: {text}.")
    return lines


def _per_image(figures: Mapping[str, Any], name: str, preset: Preset) -> float | None:
    """Return the microseconds that one image of training took; None without figures."""
    outcomes = _succeeded(figures, name)
    return 1e6 * _step_seconds(outcomes) / preset.recipe.batch_size if outcomes else None


def by_width(figures: Mapping[str, Any], table: PresetTable = literature) -> dict[str, tuple[int, float]]:
    """Return for each preset the multiplications by a weight for one image, and the microseconds of its training.

    Only times of one machine can be compared: of those that were trained on the machine of most presets.
    """
    machines = [figures[name]["processor"] for name in table if _succeeded(figures, name)]
    most = max(machines, key=machines.count, default="")
    result = {}
    for name, preset in table.items():
        if figures.get(name, {}).get("processor") != most:
            continue
        time_of_one = _per_image(figures, name, preset)
        if time_of_one is not None:
            work = sum(layer.multiplications(shape) for layer, shape in preset.spec.steps())
            result[name] = (work, time_of_one)
    return result


def compared_curves(
    figures: Mapping[str, Any], table: PresetTable = literature
) -> dict[str, list[tuple[float, float]]]:
    """Return (seconds, training loss) for networks that their sources compare and that minimise the same loss."""
    result = {}
    for name, preset in table.items():
        other = preset.compared_with
        if other is None or other not in table or table[other].recipe.loss != preset.recipe.loss:
            continue
        for each in (other, name):
            for outcome in _succeeded(figures, each)[:1]:
                step = outcome["seconds"] / outcome["steps"]
                result[each] = [(step * at, loss) for at, loss in outcome["curve"]]
    return result


def write(figures: Mapping[str, Any], path: Path, table: PresetTable = literature) -> None:
    """Write the page of the figures to `path`, and its picture to ``figures/`` beside it if matplotlib is installed."""
    replace_file(path, page(figures, table).encode())
    if is_installed("matplotlib"):
        (path.parent / "figures").mkdir(exist_ok=True)
        pictures = path.parent / "figures"
        plots.reproduced(by_width(figures, table), compared_curves(figures, table), pictures / "reproducing.png")
        if curves := accuracy_curves(figures, table):
            plots.training_accuracies(curves, pictures / "training-accuracy.png")
