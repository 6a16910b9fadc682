"""Trainings by library calls, and the `lenet train` commands that do the same."""

import sys
from dataclasses import replace

from lenet.training.job import Job
from lenet.training.run import CHECKPOINT


def command_line(job, show_seed=False):
    """Return the command that does a job, without its directory; `show_seed` names the seed 0, too."""
    words = ["lenet train"]
    words += [f"--preset {job.preset}"] if job.preset else []
    words += [f"--{job.recipe}"] if job.recipe else []
    words += [f"--data {job.data}"] if job.data != Job.data else []
    words += [f"--epochs {job.epochs}"] if job.epochs else []
    words += [f"--initial {job.initial}"] if job.initial else []
    words += ["--hard-examples"] if job.hard_examples else []
    words += [f"--seed {job.seed}"] if job.seed or show_seed else []
    words += [f"--members {job.members}"] if job.members > 1 else []
    return " ".join(words)


def train(job):
    """Do a job, or what is left of it, and return the file of its network or ensemble."""
    resume = (job.out / CHECKPOINT).exists() or any(job.out.glob(f"seed-*/{CHECKPOINT}"))
    prepared = replace(job, resume=resume).prepare()
    for member, epoch in prepared.epochs():
        of_member = f", member {member + 1}/{job.members}" if job.members > 1 else ""
        print(f"{job.preset}{of_member}: epoch {epoch.number}, loss {epoch.loss:.4f}", file=sys.stderr, flush=True)
    return prepared.path
