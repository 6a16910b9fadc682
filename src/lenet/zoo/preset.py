"""An entry of the table of LeNets: what it has to say of a network."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.recipe import Recipe
from lenet.spec import Spec


@dataclass(frozen=True)
class Published:
    """What the source reports: the error in percent on the MNIST test set (None: not given), and a remark."""

    error: float | None
    remark: str = ""


@dataclass(frozen=True)
class Preset:
    """A LeNet of the literature.

    Attributes
    ----------
    spec, recipe
        The network, and the training that its source gives it.
    source : str
        Where it comes from.
    published : Published
        What the source reports.
    open_questions : tuple of str
        What the source leaves unsaid or gets wrong, and what was assumed instead.
    rival : str or None
        The entry that its source compares it with.
    remedy : Recipe or None
        Where the source's own recipe fails: one that does not.
    quick, best : Recipe or None
        For the presets of this project: the fastest recipe that reaches 99 %, and the most accurate, however long.
    fine : Recipe or None
        To go on from trained weights with examples of one's own.
    """

    spec: Spec
    recipe: Recipe
    source: str
    published: Published
    open_questions: tuple[str, ...] = ()
    rival: str | None = None
    remedy: Recipe | None = None
    quick: Recipe | None = None
    best: Recipe | None = None
    fine: Recipe | None = None
