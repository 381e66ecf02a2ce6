"""Protocol of the modules in ``detectors/``, each of which reads one family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading
from obscura.families.common.rows import Option, Rows, Spec
from obscura.graph.inspect import Graph


class FamilyModule(Protocol):
    """Module that reads the open networks of a family, and recognises them."""

    @property
    def OPTIONS(self) -> Mapping[str, Option]:  # noqa: N802  (a constant of the module)
        """What a card may set under ``[open.options]``, by name."""

    def read(self, ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
        """Return the best rows of a network's outputs.

        Args:
            ops: the only operations to use on arrays. With numpy's the rows are computed; with
                those of ``tools/modelkit/trace.py`` the same code becomes part of a sealed graph.
            outputs: arrays of one run, by name, in the graph's order; float32 or int64.
            spec: size, classes and options of the network.

        Raises:
            ModelMismatch: the outputs are not what the family and its options imply.
            CardError: an option makes no sense for this network.
        """

    def recognise(self, graph: Graph) -> list[Reading]:
        """Return the readings under which a network could belong to the family; [] if it cannot."""
