"""A network on raw audio: augmentation, scattering and classifier in one module."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.models.augmentation import Augmentation

AUDIO = "audio"  # name of the recordings in a dictionary of features


class JtfsEndToEnd(nn.Module):
    """Classify recordings: augmentation (training only), transform, network.

    In evaluation mode the logits are those that ``net`` gives for stored features of the same
    transform. ValueError, TypeError: recordings that are not real with shape (B, N), or a
    dictionary without ``audio``.

    Parameters
    ----------
    net : Module; takes the dictionary of features that ``transform`` returns, e.g. `JtfsNet`.
    transform : callable; ``transform(x) -> {"S1": ..., "S2": ...}`` for recordings x [shape=(B, N)]
    augmentation : Augmentation or None
        Random changes of the recordings in training mode; None: none.
    learn_transform : bool; whether gradients pass through the transform, to its parameters and to
        the recordings. If not, its parameters are frozen (``requires_grad = False``).

    Examples
    --------
    >>> from jtfs_repro.models.classifiers import CqtNet, Statistics
    >>> shapes = {"S": (48, 64)}
    >>> net = CqtNet(shapes=shapes, statistics=Statistics.neutral(shapes), n_classes=8)
    >>> JtfsEndToEnd(net=net, transform=lambda x: {"S": x.view(-1, 48, 64)})(torch.zeros(2, 3072))
    tensor([[...]], grad_fn=<AddmmBackward0>)
    """

    def __init__(
        self,
        *,
        net: nn.Module,
        transform: Callable[[Tensor], Mapping[str, Tensor]],
        augmentation: Augmentation | None = None,
        learn_transform: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(net, nn.Module):
            raise TypeError(checks.message("type(net)", type(net).__name__, "be torch.nn.Module"))
        self.net = net
        self.transform = transform
        self.augmentation = augmentation
        self.learn_transform = learn_transform
        if isinstance(transform, nn.Module) and not learn_transform:
            transform.requires_grad_(False)

    @property
    def n_parameters(self) -> int:
        """Number of learnt values."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def forward(self, x: Tensor | Mapping[str, Tensor]) -> Tensor:
        """Return logits [shape=(B, classes)] of recordings [shape=(B, N)] or ``{"audio": ...}``."""
        audio = x if isinstance(x, Tensor) else _audio(x)
        checks.signal_batch(audio, audio.shape[-1])
        if self.augmentation is not None:
            audio = self.augmentation(audio)
        return self.net(self.features(audio))

    def features(self, audio: Tensor) -> Mapping[str, Tensor]:
        """Return the features of recordings, without gradients unless `learn_transform`."""
        with torch.set_grad_enabled(self.learn_transform and torch.is_grad_enabled()):
            return self.transform(audio)


def _audio(features: Mapping[str, Tensor]) -> Tensor:
    if AUDIO not in features:
        mistake = "stored features? this network reads recordings"
        checks.fail("features", sorted(features), f"have {AUDIO!r}", mistake)
    return features[AUDIO]
