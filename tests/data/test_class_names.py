"""Labels of classes by their names, and classes of one data set among those of another."""

import pytest

from lenet.data import DataError
from lenet.data.class_names import label_among, labels_of, names_of


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["dog", "cat"], {"cat": 0, "dog": 1}),
        (["10", "3", "0"], {"0": 0, "3": 3, "10": 10}),
        (["00", "01", "02"], {"00": 0, "01": 1, "02": 2}),
        (["digit_0", "digit_1", "digit_12"], {"digit_0": 0, "digit_1": 1, "digit_12": 12}),
        (["class-2", "class-7"], {"class-2": 2, "class-7": 7}),
        (["c 1", "c 0"], {"c 0": 0, "c 1": 1}),
        (["one", "Zero", "nine"], {"Zero": 0, "one": 1, "nine": 9}),
        (["zero", "1"], {"1": 0, "zero": 1}),  # not of one kind
        (["run1", "walk2"], {"run1": 0, "walk2": 1}),
        (["2019", "2020"], {"2019": 0, "2020": 1}),
        (["255", "256"], {"255": 0, "256": 1}),
        (["one", "ten"], {"one": 0, "ten": 1}),
        (["a", "B"], {"B": 0, "a": 1}),
        ([], {}),
    ],
)
def test_labels_by_names(names, labels):
    assert labels_of(names) == labels
    assert list(labels_of(names).values()) == sorted(labels.values())


def test_names_with_one_number_and_too_many_names():
    with pytest.raises(DataError, match="0 and 00 are both class 0"):
        labels_of(["0", "00", "1"])
    with pytest.raises(DataError, match="257 classes; expected at most 256"):
        labels_of([f"x{k}y" for k in range(257)])


def test_names_by_labels():
    assert names_of({"cat": 0, "dog": 1}) == ("cat", "dog")
    assert names_of({"digit_0": 0, "digit_3": 3}) == ("digit_0", "1", "2", "digit_3")
    assert names_of({}) == ()


@pytest.mark.parametrize(
    ("name", "label", "names", "expected"),
    [
        ("dog", 0, ("cat", "dog"), 1),
        ("seven", 7, tuple(map(str, range(10))), 7),
        ("7", 7, tuple(f"digit_{k}" for k in range(10)), 7),
        ("1", 1, ("digit_0", "1", "digit_2"), 1),
    ],
)
def test_a_class_among_others(name, label, names, expected):
    assert label_among(name, label, names) == expected


@pytest.mark.parametrize(
    ("name", "label", "names"), [("fox", 0, ("cat", "dog")), ("7", 7, ("0", "1")), ("1", 1, ("cat", "dog"))]
)
def test_a_class_that_is_not_among_them(name, label, names):
    with pytest.raises(DataError, match=f"a class is called '{name}'; expected one of {', '.join(names)}"):
        label_among(name, label, names)
