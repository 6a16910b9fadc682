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
