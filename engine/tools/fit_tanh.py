"""Fit the rational function behind the engine's tanh, and print its coefficients for kernels/simd.inl.

tanh(x) ~ x P(x^2) / Q(x^2) on [-8, 8], P and Q of degree 4, least relative error: linearised least
squares, reweighted until the largest errors are equal (Lawson). Run: python engine/tools/fit_tanh.py
"""

import numpy as np

LIMIT, DEGREE = 8.0, 4


def fit(limit: float = LIMIT, degree: int = DEGREE, rounds: int = 400) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the largest relative error and the coefficients of P and Q, lowest power first."""
    x = limit * np.sin((np.arange(4000) + 0.5) / 4000 * np.pi / 2)
    tanh, u = np.tanh(x), (x / limit) ** 2
    powers = u[:, None] ** np.arange(degree + 1)
    weight, denominator, best = np.ones_like(x), np.ones_like(x), (np.inf, None)
    for _ in range(rounds):
        scale = np.sqrt(weight) / denominator
        columns = np.concatenate([(x / tanh)[:, None] * powers, -powers[:, 1:]], axis=1)
        c, *_ = np.linalg.lstsq(columns * scale[:, None], scale, rcond=None)
        denominator = powers @ np.r_[1, c[degree + 1 :]]
        error = np.abs(x * (powers @ c[: degree + 1]) / denominator / tanh - 1)
        best = min(best, (error.max(), c), key=lambda pair: pair[0])
        denominator = np.abs(denominator)
        weight = weight * (error / error.max()) ** 0.7 + 1e-14
        weight /= weight.mean()
    error, c = best
    unscale = limit ** (2.0 * np.arange(degree + 1))
    return error, c[: degree + 1] / unscale, np.r_[1, c[degree + 1 :]] / unscale


if __name__ == "__main__":
    error, p, q = fit()
    print(f"largest relative error {error:.2g}")
    for name, coefficients in (("p", p), ("q", q)):
        print(name, ", ".join(f"{c:.9e}f" for c in coefficients))
