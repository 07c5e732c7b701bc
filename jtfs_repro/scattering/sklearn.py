"""Scattering as transformers of scikit-learn: rows of samples in, rows of features out.

>>> from sklearn.linear_model import LogisticRegression
>>> from sklearn.pipeline import make_pipeline
>>> classifier = make_pipeline(JTFSTransformer(Q=8), LogisticRegression())
"""

# ruff: noqa: E402
from __future__ import annotations

import math
from typing import Any, Self

from ..extras import need

need(__name__, "features", "sklearn")

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import checks
from .arguments import quality_factors
from .module import ScatteringModule
from .scattering1d import Scattering1D
from .transform import TimeFrequencyScattering

__all__ = ["JTFSTransformer", "ScatteringTransformer"]

AT_ONCE = 2**28  # bytes of work in a batch
LONGEST = 13  # log2 of the largest scale where J is None
DTYPES = (np.float64, np.float32)
LABELS = ("order", "n1", "n2", "n_fr", "frequency_hz", "rate_hz", "scale")  # of feature names


class _Transformer(TransformerMixin, BaseEstimator):
    """What both do: `fit` takes the length of the signals, `transform` computes in batches."""

    device: Any
    batch_size: Any
    sr: Any

    def _transform_of(self, N: int) -> ScatteringModule:
        """Return the transform for signals of `N` samples, made of the parameters."""
        raise NotImplementedError

    def _scale(self, J: int | None, N: int) -> int:
        """Return J, or the largest that leaves room for an eighth of `N` where it is None."""
        return min(LONGEST, max(0, math.floor(math.log2(N)) - 3)) if J is None else J

    def fit(self, X: Any, y: Any = None) -> Self:
        """Take the length of the signals, and make the transform for it.

        Parameters
        ----------
        X : array [shape=(n_signals, N)], a signal in each row, N >= 2
        y : ignored
        """
        X = validate_data(self, X, dtype=DTYPES, ensure_min_features=2)
        if self.batch_size is not None:
            checks.integer("batch_size", self.batch_size, low=1, mistake="signals at once")
        self.scattering_ = self._transform_of(X.shape[1])
        with torch.inference_mode():
            one = self.scattering_(torch.zeros(X.shape[1], dtype=torch.float32))
        self.output_shape_ = tuple(one.shape)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the coefficients: array [shape=(n_signals, n_features)], in the dtype of `X`.

        Features run through `output_shape_` (paths, then rows, then frames) in order.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=DTYPES, reset=False)
        S, n_features = self.scattering_, math.prod(self.output_shape_)
        at_once = self.batch_size or max(1, AT_ONCE // S.bytes_per_signal)
        features = np.empty((len(X), n_features), dtype=X.dtype)
        with torch.inference_mode():
            for start in range(0, len(X), at_once):
                some = torch.from_numpy(np.array(X[start : start + at_once])).to(self.device)
                features[start : start + at_once] = S(some).flatten(1).cpu().numpy()
        return features

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of each feature: its path (see ``scattering_.paths()``), row and frame.

        For example ``order=2 n1=3 n2=1 frame=0``; with `sr`, also the frequency and rate in Hz.
        """
        check_is_fitted(self)
        table = self.scattering_.paths(self.sr)
        labels = LABELS if self.sr is not None else LABELS[:4]
        names = [
            " ".join(f"{k}={table[k][c]:.5g}" for k in labels if not np.isnan(table[k][c]))
            for c in range(self.output_shape_[0])
        ]
        axes = ("row", "frame")[3 - len(self.output_shape_) :]
        for axis, size in zip(axes, self.output_shape_[1:], strict=True):
            names = [f"{name} {axis}={i}" for name in names for i in range(size)]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class ScatteringTransformer(_Transformer):
    """Scattering in time of each row; by default one mean over time a path.

    Parameters
    ----------
    J : None or int
        log2 of the largest scale; None: an eighth of the signal, at most 2**13 samples.
    Q, T, stride, max_order, global_average, pad_mode, prune
        As in `Scattering1D`.
    device : where it is computed, such as 'cpu' or 'cuda'
    batch_size : None or number of signals computed at once (None: about 256 MB of work)
    sr : None or sample rate in Hz, for the names of the features

    Attributes
    ----------
    scattering_ : the `Scattering1D`, of the length of the signals
    output_shape_ : (paths, frames) of one signal

    References
    ----------
    Anden and Mallat, "Deep scattering spectrum", IEEE TSP 2014.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((3, 1024))
    >>> ScatteringTransformer(Q=4).fit_transform(X).shape
    (3, 92)
    """

    def __init__(
        self,
        J: int | None = None,
        Q: Any = 8,
        T: Any = "global",
        stride: int | None = None,
        *,
        max_order: int = 2,
        global_average: str = "mean",
        pad_mode: str = "reflect",
        prune: float = 0,
        device: Any = "cpu",
        batch_size: int | None = None,
        sr: float | None = None,
    ) -> None:
        self.J, self.Q, self.T, self.stride, self.max_order = J, Q, T, stride, max_order
        self.global_average, self.pad_mode, self.prune = global_average, pad_mode, prune
        self.device, self.batch_size, self.sr = device, batch_size, sr

    def _transform_of(self, N: int) -> ScatteringModule:
        return Scattering1D(
            J=self._scale(self.J, N),
            shape=N,
            Q=self.Q,
            T=self.T,
            stride=self.stride,
            max_order=self.max_order,
            global_average=self.global_average,
            pad_mode=self.pad_mode,
            prune=self.prune,
        )


class JTFSTransformer(_Transformer):
    """Joint time-frequency scattering of each row; by default one mean over time a path and row.

    Parameters
    ----------
    J : None or int
        log2 of the largest scale in samples; None: an eighth of the signal, at most 2**13.
    J_fr : None or int
        log2 of the largest scale in rows; None: half of the rows, at most 2**3.
    Q, T, stride, Q_fr, F, stride_fr, format, global_average, pad_mode, prune
        As in `TimeFrequencyScattering`.
    device, batch_size, sr : see `ScatteringTransformer`

    Attributes
    ----------
    scattering_ : the `TimeFrequencyScattering`, of the length of the signals
    output_shape_ : (paths, rows, frames) of one signal, or (paths, frames) with `format` 'time'

    References
    ----------
    Anden, Lostanlen, Mallat, "Joint time-frequency scattering", IEEE TSP 2019.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((3, 1024))
    >>> JTFSTransformer(Q=4).fit_transform(X).shape
    (3, 600)
    """

    def __init__(
        self,
        J: int | None = None,
        J_fr: int | None = None,
        Q: Any = 8,
        T: Any = "global",
        stride: int | None = None,
        *,
        Q_fr: Any = 1,
        F: Any = None,
        stride_fr: int | None = None,
        format: str = "joint",
        global_average: str = "mean",
        pad_mode: str = "reflect",
        prune: float = 0,
        device: Any = "cpu",
        batch_size: int | None = None,
        sr: float | None = None,
    ) -> None:
        self.J, self.J_fr, self.Q, self.T, self.stride = J, J_fr, Q, T, stride
        self.Q_fr, self.F, self.stride_fr, self.format = Q_fr, F, stride_fr, format
        self.global_average, self.pad_mode, self.prune = global_average, pad_mode, prune
        self.device, self.batch_size, self.sr = device, batch_size, sr

    def _transform_of(self, N: int) -> ScatteringModule:
        J = self._scale(self.J, N)
        rows = (J + 1) * quality_factors("Q", self.Q)[0]
        largest = max(0, min(3, math.floor(math.log2(rows)) - 1))
        return TimeFrequencyScattering(
            J=J,
            J_fr=largest if self.J_fr is None else self.J_fr,
            Q=self.Q,
            shape=N,
            T=self.T,
            stride=self.stride,
            Q_fr=self.Q_fr,
            F=self.F,
            stride_fr=self.stride_fr,
            format=self.format,
            global_average=self.global_average,
            pad_mode=self.pad_mode,
            prune=self.prune,
        )
