"""Claims of the paper's Section 4, as `medley_verdicts` tests them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from jtfs_repro.experiments.published import (
    CLASS_ORDER,
    LINEAR_CLASSIFIER,
    PRETRAINED,
    SPIRAL_CONVNET,
    TABLE2,
    Published,
    published_difference,
)
from jtfs_repro.experiments.verdict_rows import slug

NAMES = {
    "cqt": "CQT",
    "scattering1d": "Scattering1D",
    "jtfs": "JTFS",
    "jtfs_linear": "JTFS with a linear classifier",
}


@dataclass(frozen=True, kw_only=True)
class ValueClaim:
    """A cell of Table 2.

    Parameters
    ----------
    model : str
    quantity : str
        Name of the class, or 'average'.
    published : Published
        Mean and standard deviation over three seeds, percent.
    section, text : str
        Where it stands, and what.
    """

    model: str
    quantity: str
    published: Published
    section: str = "4, Table 2"

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("table2", self.model, self.quantity)

    @property
    def subject(self) -> str:
        """Whose number is looked at."""
        return self.model

    @property
    def text(self) -> str:
        """The claim in few words."""
        name = "average" if self.quantity == "average" else f"recall of {self.quantity}"
        return f"{NAMES[self.model]}: {name} {self.published.mean:.1f} ± {self.published.sd:.1f} %"


@dataclass(frozen=True, kw_only=True)
class GainClaim:
    """A published difference of two averages, in points; its deviation is that of the two rows."""

    model: str
    minus: str
    published: Published
    section: str = "4, Table 2"
    remark: str = ""

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("table2-gain", self.model, "over", self.minus)

    @property
    def subject(self) -> str:
        """Whose difference is looked at."""
        return f"{self.model} - {self.minus}"

    @property
    def text(self) -> str:
        """The claim in few words."""
        pair = (
            f"{NAMES[self.model]} gains {self.published.mean:.1f} points over {NAMES[self.minus]}"
        )
        return pair + self.remark


@dataclass(frozen=True, kw_only=True)
class OrderClaim:
    """Each of these models has a higher average than the next one."""

    models: tuple[str, ...]
    section: str = "4, Table 2"

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("table2-order", *self.models)

    @property
    def subject(self) -> str:
        """The models in the claimed order."""
        return " > ".join(self.models)

    @property
    def text(self) -> str:
        """The claim in few words."""
        return f"{' > '.join(NAMES[name] for name in self.models)} (averages)"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Neighbours in the order."""
        return list(pairwise(self.models))


@dataclass(frozen=True, kw_only=True)
class AboveClaim:
    """The average of a model lies above a published number, or below it, in percent."""

    model: str
    published: float
    than: str
    text: str
    is_above: bool = True
    section: str = "4, beside other work"

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("section4", self.model, "above" if self.is_above else "below", self.than)

    @property
    def subject(self) -> str:
        """Whose number is looked at."""
        return self.model


def _gain(model: str, minus: str, remark: str = "") -> GainClaim:
    difference = published_difference(model, minus)
    if difference is None:
        raise ValueError(f"minus={minus!r} must be published (is it in TABLE2?)")
    a, b = TABLE2[model]["average"], TABLE2[minus]["average"]
    sd = (a.sd**2 + b.sd**2) ** 0.5
    published = Published(mean=difference, sd=sd)
    return GainClaim(model=model, minus=minus, published=published, remark=remark)


VALUE_CLAIMS = tuple(
    ValueClaim(model=model, quantity=quantity, published=TABLE2[model][quantity])
    for quantity in ("average", *CLASS_ORDER)
    for model in ("jtfs", "scattering1d", "cqt")
)
GAIN_CLAIMS = (
    _gain("jtfs", "scattering1d"),
    _gain("jtfs", "cqt", " (its text says roughly 23)"),
)
ORDER_CLAIMS = (
    OrderClaim(models=("jtfs", "scattering1d", "cqt")),
    OrderClaim(models=("jtfs", "scattering1d")),
    OrderClaim(models=("scattering1d", "cqt")),
    OrderClaim(models=("jtfs", "jtfs_linear"), section="4, beside other work"),
)
ABOVE_CLAIMS = (
    AboveClaim(
        model="jtfs",
        published=LINEAR_CLASSIFIER,
        than="linear",
        text=f"JTFS with a convnet is above the {LINEAR_CLASSIFIER:g} % of JTFS with a linear"
        " classifier (2019)",
    ),
    AboveClaim(
        model="jtfs",
        published=SPIRAL_CONVNET,
        than="spiral",
        text=f"JTFS with a convnet is above the {SPIRAL_CONVNET:g} % of a spiral convnet",
    ),
    AboveClaim(
        model="jtfs",
        published=PRETRAINED,
        than="yamnet",
        is_above=False,
        text=f"JTFS with a convnet is below the {PRETRAINED:g} % of YAMNet pretrained on AudioSet",
    ),
)
