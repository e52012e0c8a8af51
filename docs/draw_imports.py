"""Draw which part imports which, from the code, into docs/architecture.md: `python docs/draw_imports.py`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import grimp

PAGE = Path(__file__).with_name("architecture.md")
BEGIN, END = "<!-- imports:begin -->", "<!-- imports:end -->"
FLOORS = ("tidings", "alerts", "crawler")
EVERYWHERE = ("records", "errors", "ports")  # the shared language: drawn once, not as an arrow from each part


def part(module: str) -> str:
    """`crawler.net.fetch` belongs to `crawler.net`."""
    return ".".join(module.split(".")[:2])


def picture() -> str:
    """A Mermaid flowchart: one box a part, one arrow for the imports between two parts."""
    graph = grimp.build_graph(*FLOORS)
    arrows: Counter[tuple[str, str]] = Counter()
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            pair = part(importer), part(imported)
            if pair[0] != pair[1] and all(
                "." in name and name.split(".")[1] not in EVERYWHERE for name in pair
            ):
                arrows[pair] += 1
    parts = sorted({part(module) for module in graph.modules if "." in module})
    lines = ["```mermaid", "flowchart TB"]
    for floor in FLOORS:
        lines.append(f"  subgraph {floor}")
        lines += [
            f"    {name.replace('.', '_')}[{name.split('.')[1]}]"
            for name in parts
            if name.startswith(f"{floor}.") and name.split(".")[1] not in EVERYWHERE
        ]
        lines.append("  end")
    lines += [f"  {a.replace('.', '_')} --> {b.replace('.', '_')}" for a, b in sorted(arrows)]
    return "\n".join([*lines, "```"])


def page(text: str) -> str:
    """The page with its picture drawn anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{picture()}\n{END}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(PAGE.parent.parent))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
