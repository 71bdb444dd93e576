"""What drawings are made of: text, boxes and lines of an SVG, with how much room they take."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import escape

LETTER, SMALL = 8.0, 6.2
"""Width of a letter, and of one that is small."""


@dataclass
class Drawing:
    """What is drawn so far, and how large it is."""

    parts: list[str] = field(default_factory=list)
    width: float = 0
    height: float = 0

    def text(self, x: float, y: float, said: str, kind: str = "") -> None:
        """Write something at a place."""
        named = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{short(x)}" y="{short(y)}"{named}>{escape(said)}</text>')

    def box(self, x: float, y: float, width: float, height: float, kind: str = "") -> None:
        """Draw a box."""
        named = f' class="{kind}"' if kind else ""
        self.parts.append(
            f'<rect x="{short(x)}" y="{short(y)}" width="{short(width)}" height="{short(height)}"{named}/>'
        )

    def line(self, *points: tuple[float, float], kind: str = "") -> None:
        """Draw a line through points, with a head at the last, as an edge of a graph has it."""
        named = f' class="{kind}"' if kind else ""
        through = "L".join(f"{short(x)} {short(y)}" for x, y in points)
        x, y = points[-1]
        self.parts.append(f'<path d="M{through}"{named}/>')
        self.parts.append(f'<path d="M{short(x)} {short(y)}l-4 -7h8z" class="head"/>')

    def include(self, other: Drawing, x: float, y: float) -> None:
        """Put another drawing at a place."""
        self.parts.append(f'<g transform="translate({short(x)} {short(y)})">{"".join(other.parts)}</g>')
        self.width, self.height = max(self.width, x + other.width), max(self.height, y + other.height)


def short(value: float) -> str:
    """Return a number as an SVG has it, with no more digits than can be seen."""
    return f"{value:.1f}".removesuffix(".0")
