"""Have import-linter see the modules beside the packages, which it takes for foreign ones.

Its graph is built of packages alone (python-grimp/grimp#300), so what a root module imports
would go unchecked. The contract here adds those imports to the graph, then checks as usual.
"""

import ast

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.layers import LayersContract

from tests.conftest import ROOT


class HouseContract(LayersContract):
    """Layers of which some are single files in the root of the project."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Whether no import goes up, those of the root modules among them."""
        for path in sorted(ROOT.glob("*.py")):
            graph.add_module(path.stem, is_squashed=path.stem in graph.modules)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for name in graph.modules & imports(node):
                    graph.add_import(
                        importer=path.stem,
                        imported=name,
                        line_number=getattr(node, "lineno", 0),
                        line_contents=ast.unparse(node),
                    )
        return super().check(graph, verbose)


def imports(node: ast.AST) -> set[str]:
    """The full names of the modules that an import statement may mean; of other nodes none."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()
