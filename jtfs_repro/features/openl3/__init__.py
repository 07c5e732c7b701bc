r"""OpenL3: a learned embedding of one-second windows, averaged over the clip.

A signal is resampled to 48 kHz (`resampling`), cut into windows of one second every
``hop`` seconds, each turned into a log mel image (`frontend`) and embedded by a
convolutional network (`network`) whose weights must be supplied (`weights`) or
downloaded (`download`):

.. math:: S x = \frac1n \sum_{k=0}^{n-1} \mathrm{network}(\mathrm{mel}(x[k\,hop : k\,hop + 1 s]))
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from jtfs_repro import checks
from jtfs_repro.features.openl3.download import download_weights
from jtfs_repro.features.openl3.frontend import (
    SR,
    WINDOW,
    Frontend,
    hop_samples,
    n_windows,
    windows_of,
)
from jtfs_repro.features.openl3.network import Network
from jtfs_repro.features.openl3.resampling import Resample, n_resampled
from jtfs_repro.features.openl3.weights import (
    CONTENTS,
    find_weights,
    load_weights,
    official_name,
)
from jtfs_repro.io import Unavailable

WEIGHTS_FOLDER = Path("data/openl3")
BYTES_PER_BAND = 180_000  # measured: peak memory of the network per window and mel band


class OpenL3(nn.Module):
    """Mean OpenL3 embedding of a clip.

    ValueError, TypeError: an argument is outside its range. Unavailable: the weights are missing,
    and were not or could not be downloaded. FileError: the weights file is truncated, of another
    variant, or has the wrong checksum. Reference: Cramer, Wu, Salamon, Bello, "Look, Listen and
    Learn More", ICASSP 2019.

    Parameters
    ----------
    sr : float; sample rate in Hz; its ratio to 48 kHz must be that of small integers
    n_samples : int; length of the signals in samples
    frontend : {'kapre04', 'kapre014', 'librosa04'}
        Version of the log mel spectrogram, see `frontend`.
    edges : {'zeros', 'reflection'}; padding of the windows by the librosa front-end
    input_repr : {'mel256', 'mel128'}; number of mel bands; each has its own weights
    content : {'music', 'env'}; what the weights were trained on
    embedding_size : {6144, 512}; dimension of the embedding
    hop : float; seconds between windows
    center : bool; put half a second of zeros in front, so that window k is centred on ``k * hop``
    resampler : {'resampy02', 'resampy04'}
        Version of resampy's kaiser_best filter, see `resampling`.
    weights : str, optional; path of the Keras file, ``.h5`` or ``.h5.gz``, or its folder; default
        the official name in ``data/openl3``
    weights_sha256 : str, optional; required SHA-256 of that file
    download : bool; download missing weights from their authors' repository
    chunk : int; windows that go through the network together; bounds the memory

    Attributes
    ----------
    dimension : int
    parts : dict of str to slice
    timestamps : ndarray [shape=(n_windows,)]
        Seconds; centre of each window if ``center``, else its start.
    record : WeightsRecord; what was loaded, for the manifest
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        frontend: str = "kapre04",
        edges: str = "zeros",
        input_repr: str = "mel256",
        content: str = "music",
        embedding_size: int = 6144,
        hop: float = 0.1,
        center: bool = True,
        resampler: str = "resampy02",
        weights: str | None = None,
        weights_sha256: str | None = None,
        download: bool = False,
        chunk: int = 4,
    ) -> None:
        super().__init__()
        self.n_samples = checks.integer("n_samples", n_samples, low=1)
        checks.choice("content", content, CONTENTS)
        checks.number("hop", hop, low=1 / SR, mistake="in seconds")
        self.hop = hop_samples(hop)
        self.center = bool(center)
        self.chunk = checks.integer("chunk", chunk, low=1)
        self.resample = Resample(sr=sr, sr_new=SR, resampler=resampler)
        self.frontend = Frontend(frontend=frontend, input_repr=input_repr, edges=edges)
        self.network = Network(input_repr=input_repr, embedding_size=embedding_size)
        self.n_resampled = n_resampled(n_samples, sr, SR)
        self.n_windows = n_windows(self.n_resampled, hop=self.hop, is_centred=self.center)
        self.timestamps = np.arange(self.n_windows) * hop
        self.dimension = embedding_size
        self.parts = {"openl3": slice(0, embedding_size)}
        path = _locate(weights, weights_sha256, input_repr, content, download)
        self.record = load_weights(
            self.network, path, input_repr=input_repr, content=content, sha256=weights_sha256
        )

    @property
    def bytes_per_signal(self) -> int:
        """Working memory of `forward` in bytes: signal, windows, and one chunk of activations."""
        samples = 2 * self.n_samples + 4 * self.n_resampled + self.chunk * WINDOW
        activations = self.chunk * self.frontend.n_mels * BYTES_PER_BAND
        return 4 * (samples + self.n_windows * self.dimension) + activations

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean over windows [shape=(B, dimension)], float32."""
        return self.embed(x).mean(dim=1)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding of each window: Tensor [shape=(B, n_windows, dimension)]."""
        checks.signal_batch(x, self.n_samples)
        windows = windows_of(self.resample(x.float()), hop=self.hop, is_centred=self.center)
        embeddings = torch.cat([self._embed(chunk) for chunk in self._chunks(windows)])
        return embeddings.view(*windows.shape[:2], -1)

    def _chunks(self, windows: Tensor) -> Iterator[Tensor]:
        """Yield windows [shape=(<= chunk, 48000)] of all signals, without copying them all."""
        n_signals, n_windows, _ = windows.shape
        for index in torch.arange(n_signals * n_windows, device=windows.device).split(self.chunk):
            yield windows[index // n_windows, index % n_windows]

    def _embed(self, windows: Tensor) -> Tensor:
        if torch.is_grad_enabled() and windows.requires_grad:  # recompute: memory stays bounded
            return checkpoint(self._images_to_embeddings, windows, use_reentrant=False)
        return self._images_to_embeddings(windows)

    def _images_to_embeddings(self, windows: Tensor) -> Tensor:
        return self.network(self.frontend(windows))


def _locate(
    weights: str | None, sha256: str | None, input_repr: str, content: str, download: bool
) -> Path:
    """Return the path of the weights, downloaded if wanted."""
    name = official_name(input_repr, content)
    path = Path(weights) if weights else WEIGHTS_FOLDER / name
    try:
        return find_weights(path, name=name)
    except Unavailable:
        if not download:
            raise
    path = path / name if path.is_dir() else path
    return download_weights(path, sha256=sha256, input_repr=input_repr, content=content)
