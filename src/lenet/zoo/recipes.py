"""Recipes that several presets share, and the recipes of this project, for networks whose sources give none.

The latter were chosen on hold-out images of the training set, never on the test set.
"""

from __future__ import annotations

from dataclasses import replace

from lenet.recipe import (
    Averaging,
    Constant,
    Distillation,
    Distortion,
    Init,
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

LECUN_1998 = Recipe(
    Steps(((2, 5e-4), (3, 2e-4), (3, 1e-4), (4, 5e-5), (8, 1e-5))),
    epochs=20,
    batch_size=1,
    loss=Map(10.0),
    optimizer=LevenbergMarquardt(),
    init="lecun1998-root",
    validation=0,
)
"""LeCun et al. 1998, section III: a step after every image, with learning rates from second derivatives."""

MOMENTUM = Recipe(
    OneCycle(peak=0.1), epochs=10, batch_size=128, optimizer=Sgd(momentum=0.9, weight_decay=1e-4), init="glorot"
)
"""A common recipe: momentum, one cycle of the learning rate, a little weight decay, no data augmentation."""

QUICK = Recipe(
    OneCycle(peak=0.1, warmup=0.2),
    epochs=3,
    steps=1600,
    batch_size=64,
    optimizer=Sgd(momentum=0.9, nesterov=True, weight_decay=5e-4),
    distortion=Distortion(shift=1.0, scale=0.05, rotation=3.0, shear=0.08),
)
"""The shortest that reaches 99 %: about 100,000 images, each a little shifted, scaled, rotated and sheared."""

STANDARD = Recipe(
    OneCycle(peak=0.05, warmup=0.1, fall="cosine"),
    epochs=15,
    batch_size=128,
    optimizer=Sgd(momentum=0.9, nesterov=True, weight_decay=1e-4),
    distortion=Distortion(shift=1.3, scale=0.08, squeeze=0.05, rotation=6.5, shear=0.13, elastic=0.5, spacing=9.0),
    averaging=Averaging(0.5),
)
"""This project's default: about ten seconds for a network of sixty thousand weights."""

ROBUST = replace(
    STANDARD,
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
    letterforms=0.2,
)
"""For networks of some hundred thousand weights: other letterforms, pens, papers and cameras, and non-digits."""

LINES = replace(
    STANDARD,
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
"""For networks that read whole numbers (`lenet.training.line_examples`): their examples vary by themselves."""

FINE_TUNE = replace(LINES, epochs=4, schedule=OneCycle(peak=0.03, warmup=0.1, fall="cosine"))
"""The same with trained initial weights, for fields of one's own."""

DISTILLED = replace(
    STANDARD,
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
"""Knowledge distillation: a small network learns the probabilities of a larger one."""


_WIDE_NORMAL = Truncated(1.0)


def tensorflow(summed_rate: float, *, steps: int = 20_000, init: Init = _WIDE_NORMAL) -> Recipe:
    """Return the recipe of a TensorFlow tutorial: plain gradient descent on minibatches of 200 of 55,000 images.

    Its loss is the sum over the minibatch, to which `summed_rate` belongs; losses here are means.
    """
    batch_size, images = 200, 55_000
    return Recipe(
        Constant(batch_size * summed_rate),
        epochs=-(-steps * batch_size // images),
        steps=steps,
        batch_size=batch_size,
        scale=UNIT,
        init=init,
        validation=5_000,
    )
