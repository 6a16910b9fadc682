"""A data set as a value: its classes, and their labels among those of a network."""

import numpy as np
import pytest

from lenet.data import DataError, Dataset


def test_labels_among_the_classes_of_a_network():
    """Only classes that have samples must be among them."""
    data = Dataset(np.zeros((3, 2, 2), np.uint8), np.array([0, 2, 0], np.uint8), "pets", "", ("cat", "cow", "dog"))
    other = data.relabelled(["ape", "cat", "dog"])
    assert other.labels.tolist() == [1, 2, 1]
    assert other.classes == ("ape", "cat", "dog")
    assert data.relabelled(["cat", "cow", "dog"]) is data
    with pytest.raises(DataError, match="a class is called 'dog'; expected one of ape, cat"):
        data.relabelled(["ape", "cat"])
    unnamed = Dataset(data.images, data.labels, "arrays")
    assert unnamed.relabelled(["ape"]) is unnamed
    assert (data.class_count, unnamed.class_count) == (3, 3)


def test_a_data_set_is_shown_in_one_line():
    data = Dataset(np.zeros((3, 2, 5), np.uint8), np.array([0, 2, 0], np.uint8), "pets", "/home/me")
    assert repr(data) == "<Dataset: pets from /home/me; 3 images of 2x5, 3 classes>"


def test_hold_out_samples_are_the_last_ones():
    images = np.arange(6, dtype=np.uint8)[:, None, None]
    data = Dataset(images, np.array([0, 1, 1, 0, 1, 0], np.uint8), "pets")
    fitting, holdout = data.split(2)
    assert fitting.images[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert holdout.images[:, 0, 0].tolist() == [4, 5]
    assert holdout.name == "pets, the last 2"


def test_hold_out_samples_of_data_that_lie_class_after_class():
    """Places of the samples in their classes: 1/8, 3/8, 5/8, 7/8 of the first four, 1/4 and 3/4 of the last two."""
    images = np.arange(6, dtype=np.uint8)[:, None, None]
    data = Dataset(images, np.array([2, 2, 2, 2, 1, 1], np.uint8), "pets")
    fitting, holdout = data.split(3)
    assert fitting.images[:, 0, 0].tolist() == [0, 4, 1]
    assert holdout.images[:, 0, 0].tolist() == [2, 5, 3]
    assert holdout.labels.tolist() == [2, 1, 2]
    assert holdout.name == "pets, with alternating classes, the last 3"
    one_class = Dataset(images, np.ones(6, np.uint8), "pets")
    assert one_class.split(3)[1].images[:, 0, 0].tolist() == [3, 4, 5]


def test_hold_out_samples_of_two_files_one_after_the_other():
    """Two of a hundred samples of each class, sorted: the last fifty would all be of class 2."""
    labels = np.repeat([0, 1, 2, 0, 1, 2], 100).astype(np.uint8)
    data = Dataset(np.zeros((600, 2, 2), np.uint8), labels, "two")
    assert np.bincount(data.split(50)[1].labels).min() >= 16
    # Of five, two classes may be missing by chance.
    assert data.split(5)[1].labels.tolist() == [2] * 5
    with pytest.raises(TypeError, match="0.2 hold-out samples; expected a whole number"):
        data.split(0.2)


def test_one_sample_out_of_order_does_not_hide_the_order():
    labels = np.repeat(np.arange(10), 60).astype(np.uint8)
    labels[[3, -5]] = labels[[-5, 3]]
    data = Dataset(np.zeros((600, 2, 2), np.uint8), labels, "nearly sorted")
    assert np.bincount(data.split(60)[1].labels, minlength=10).tolist() == [6] * 10
