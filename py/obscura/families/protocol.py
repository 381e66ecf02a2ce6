"""Protocol of a family module, and the types of what it takes and returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from obscura.families.common.ops import Array, Ops

if TYPE_CHECKING:
    from obscura.families.common.reading import Reading
    from obscura.graph.inspect import Graph


class Option(NamedTuple):
    """A setting of a family that a card may change under [open.options].

    Attributes:
        usual: the default; its type is the type of all values.
        among: the values allowed; empty for any of that type.
        help: what the option means, for docs/models.md.
    """

    usual: Any
    among: tuple[Any, ...] = ()
    help: str = ""


class Spec(NamedTuple):
    """The properties of a network that its family needs to read its outputs.

    Attributes:
        width: width of the network's own input, in pixels.
        height: height of that input.
        classes: number of labels on the card.
        top: maximum number of rows to return.
        options: the family's options, complete and checked.
    """

    width: int
    height: int
    classes: int
    top: int
    options: Mapping[str, Any]


class Rows(NamedTuple):
    """The candidates that a family returns: at most `Spec.top`, best first.

    Attributes:
        boxes: ``(k, 4)`` float32 xyxy in 0..1 of the network's own input.
        scores: ``(k,)`` float32 in 0..1.
        classes: ``(k,)`` int64.
    """

    boxes: Array
    scores: Array
    classes: Array


class FamilyModule(Protocol):
    """A module of `obscura.families.detectors`: reads the outputs of one kind of network."""

    @property
    def OPTIONS(self) -> Mapping[str, Option]:  # noqa: N802  (a constant of the module)
        """The options of the family, by name."""

    def read(self, ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
        """Return the best rows in a network's outputs.

        Args:
            ops: the array operations to use, so that the same code runs on numpy and in a graph.
            outputs: float32 or int64 arrays by name, in the graph's order.
            spec: the properties of the network.

        Raises:
            ModelMismatch: the outputs are not those of this family.
        """

    def recognise(self, graph: Graph) -> list[Reading]:
        """Return the readings under which a network could be of this family; [] if it cannot."""
