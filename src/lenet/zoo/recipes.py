"""Recipes that several presets share, and those of this project, for networks whose sources give none.

What the latter say was chosen on training digits that were held out, never on the test images.
"""

from __future__ import annotations

from dataclasses import replace

from lenet.distort import Distortion
from lenet.recipe import (
    Adam,
    Averaging,
    Constant,
    Distillation,
    LevenbergMarquardt,
    Map,
    OneCycle,
    Recipe,
    Scale,
    Sgd,
    Steps,
    Truncated,
)

UNIT = Scale(0.0, 1.0)
"""Paper is 0 and ink 1."""

RATES_1998 = Steps(((2, 5e-4), (3, 2e-4), (3, 1e-4), (4, 5e-5), (8, 1e-5)))
GENTLE = Recipe(
    RATES_1998,
    epochs=20,
    batch_size=1,
    loss=Map(10.0),
    optimizer=LevenbergMarquardt(),
    init="lecun1998-root",
    validation=0,
)
"""The 1998 paper's own, section III: a step after every image, by second derivatives."""

MODULAR = Recipe(
    Constant(1e-4),
    epochs=1,
    steps=300,
    batch_size=50,
    optimizer=Adam(),
    scale=UNIT,
    init=Truncated(0.1, bias=0.1),
    validation=5_000,
)
"""A TensorFlow tutorial's, modular."""

USUAL = Recipe(
    OneCycle(peak=0.1), epochs=10, batch_size=128, optimizer=Sgd(momentum=0.9, weight_decay=1e-4), init="glorot"
)
"""What became usual: momentum, one cycle of the rate, a little weight decay; the images as they are."""

QUICK = Recipe(
    OneCycle(peak=0.1, warmup=0.2),
    epochs=3,
    steps=1600,
    batch_size=64,
    optimizer=Sgd(momentum=0.9, nesterov=True, weight_decay=5e-4),
    distortion=Distortion(shift=1.0, scale=0.05, rotation=3.0, shear=0.08),
)
"""The shortest that reaches 99 %: some 100,000 images, each a little shifted, scaled, turned and slanted."""

ALL_ROUND = Recipe(
    OneCycle(peak=0.05, warmup=0.1, fall="cosine"),
    epochs=15,
    batch_size=128,
    optimizer=Sgd(momentum=0.9, nesterov=True, weight_decay=1e-4),
    distortion=Distortion(shift=1.3, scale=0.08, squeeze=0.05, rotation=6.5, shear=0.13, elastic=0.5, spacing=9.0),
    averaging=Averaging(0.5),
)
"""About ten seconds for a network of sixty thousand weights."""

ROBUST = replace(
    ALL_ROUND,
    epochs=40,
    init="he",
    distortion=Distortion(
        shift=2.0,
        scale=0.12,
        squeeze=0.08,
        rotation=10.0,
        shear=0.2,
        elastic=0.8,
        spacing=9.0,
        thickness=0.4,
        cut=8.0,
        lines=0.1,
        faint=0.5,
        blur=0.8,
        noise=0.25,
    ),
    averaging=Averaging(1.0),
    nondigits=0.1,
    hands=0.2,
)
"""For networks of some hundred thousand weights: other hands, pens, papers and cameras, and what is no digit."""

STRINGS = replace(
    ALL_ROUND,
    epochs=8,
    init="he",
    validation=0,
    distortion=Distortion(
        shift=1.0,
        scale=0.08,
        squeeze=0.05,
        rotation=6.0,
        shear=0.15,
        elastic=0.5,
        spacing=9.0,
        thickness=0.35,
        faint=0.4,
        blur=0.5,
        noise=0.1,
    ),
)
"""For the pieces of whole numbers (`lenet.strings`), whose pictures vary by themselves."""

FINE = replace(STRINGS, epochs=4, schedule=OneCycle(peak=0.03, warmup=0.1, fall="cosine"))
"""The same from trained weights on, when fields of one's own are at hand."""

TAUGHT = replace(
    ALL_ROUND,
    epochs=120,
    distortion=Distortion(
        shift=1.6,
        scale=0.1,
        squeeze=0.065,
        rotation=8.0,
        shear=0.16,
        elastic=0.65,
        spacing=9.0,
        thickness=0.3,
        cut=4.0,
        lines=0.05,
        faint=0.5,
        blur=0.6,
        noise=0.15,
    ),
    averaging=Averaging(1.0),
    distillation=Distillation("reader", rounds=20),
    nondigits=0.07,
)
"""A small network learns the answers of the larger one."""


def tensorflow(summed_rate: float) -> Recipe:
    """Return a TensorFlow tutorial's recipe: it minimises a sum over 200 samples, losses here are means."""
    return Recipe(
        Constant(200 * summed_rate),
        epochs=73,
        steps=20_000,
        batch_size=200,
        scale=UNIT,
        init=Truncated(1.0),
        validation=5_000,
    )
