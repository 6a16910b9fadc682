"""Every layer's output for some images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lenet.model.arrays import Array


class Trace(Mapping[str, Array]):
    """Every layer's output for some images: ``trace["C1"]`` is float32 (n, 6, 28, 28).

    ``trace["INPUT"]`` is what the first layer was given, after the grey levels and the paper around. A softmax
    layer's output is its probabilities, before the temperature that `predict_proba` knows of.
    """

    def __init__(self, outputs: Mapping[str, Array]) -> None:
        self._outputs = dict(outputs)

    def __getitem__(self, name: str) -> Array:
        """Return a layer's output; KeyError naming the layers if there is none of that name."""
        if name not in self._outputs:
            raise KeyError(f"no layer is called {name!r}; there are {', '.join(self._outputs)}")
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the layers' names, starting with the input."""
        return iter(self._outputs)

    def __len__(self) -> int:
        """Return the number of layers, the input included."""
        return len(self._outputs)

    def __repr__(self) -> str:
        """Show the shapes."""
        return f"Trace({', '.join(f'{name} {array.shape}' for name, array in self._outputs.items())})"
