"""A language model's answers on the page: side by side, by region, and each token by its proposer.

The draft sources of all runs share one set of colours, so that the same one looks the same
everywhere; what the model said unproposed has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from hpctc.core.records import Answer
from hpctc.report.code import MOST_SHOWN
from hpctc.report.plots import charts
from hpctc.report.plots.charts import Bar, Share
from hpctc.report.reading import Series
from hpctc.report.words import count, proposer
from hpctc.score.cost import Cost
from hpctc.score.pace import TARGET, Beside, Pace, Part, beside
from hpctc.score.regions import REGIONS, Region

COLOURS = 6

Palette = Mapping[str, str]
"""Draft source -> the style sheet's class of its colour."""


@dataclass(frozen=True)
class Row:
    """One run's language model."""

    series: Series
    pace: Pace | None
    """None: no answer tells its tokens and its time."""
    cost: Cost
    against: Beside | None
    """The answers held against the first run's; None: this is the first, or they share none."""

    def part(self, region: Region) -> Part | None:
        """The tokens of one region; None: there is none, or it was not recorded."""
        return self.pace.parts.get(region) if self.pace is not None else None


@dataclass(frozen=True)
class Language:
    """What the page tells of the runs' language models."""

    rows: Sequence[Row]
    palette: Palette
    bars: Markup | None
    """Who said the tokens, a bar a run; None: nobody decoded here."""

    @property
    def priced(self) -> bool:
        """Whether any run knows what its answers cost in dollars."""
        return any(row.cost.dollars is not None for row in self.rows)

    @property
    def drafting(self) -> Sequence[Row]:
        """The runs in which something was drafted, and recorded region by region."""
        return [r for r in self.rows if r.pace and r.pace.parts and len(r.pace.sources) > 1]

    @property
    def regions(self) -> Sequence[Region]:
        """Those that occur where something was drafted, in their order."""
        return [r for r in REGIONS if any(row.part(r) for row in self.drafting)]


def palette(runs: Sequence[Series]) -> Palette:
    """A colour for each draft source, in the order in which the runs name them."""
    names = [who for s in runs if s.read.pace for who in s.read.pace.sources if who != TARGET]
    return {who: f"d{i % COLOURS}" for i, who in enumerate(dict.fromkeys(names))}


def language(runs: Sequence[Series]) -> Language | None:
    """What there is to tell; None where no language model answered."""
    if not any(s.read.pace for s in runs):
        return None
    first, colours = runs[0].read, palette(runs)
    rows = []
    for s in runs:
        against = beside(first.trails, s.read.trails) if s.number else None
        rows.append(Row(s, s.read.pace, s.read.cost, against))
    return Language(rows, colours, _bars(rows, colours))


def _bars(rows: Sequence[Row], colours: Palette) -> Markup | None:
    bars = [
        Bar(
            row.series.name,
            [
                Share(proposer(who), colours.get(who, "own"), share * row.pace.tokens)
                for who, share in row.pace.sources.items()
            ],
        )
        for row in rows
        if row.pace is not None and row.pace.sources
    ]
    return charts.stacked("who said the tokens", bars, " tokens") if bars else None


def coloured(answer: Answer, colours: Palette) -> Markup | None:
    """The text of an answer, each proposed run in its colour; None: it was not recorded."""
    decoding, text = answer.decoding, answer.text
    if decoding is None or not decoding.spans or not text:
        return None
    parts, at = [], 0
    for who, tokens, characters in decoding.spans:
        piece = escape(text[at : at + characters])
        at += characters
        if who and piece:
            css = colours.get(who, "own")
            piece = Markup('<i class="{}" data-tip="{}: {}">{}</i>').format(
                css, who, count(tokens, "token"), piece
            )
        parts.append(piece)
        if at > MOST_SHOWN:
            break
    return Markup().join(parts)


def legend(answer: Answer, colours: Palette) -> Markup:
    """Which colour is whose, in this answer."""
    if answer.decoding is None:
        return Markup()
    keys = [
        Markup('<li><i class="{}"></i>{}, {} tokens</li>').format(colours.get(who, "own"), who, n)
        for who, n in sorted(answer.decoding.sources.items(), key=lambda item: -item[1])
    ]
    keys.append(Markup("<li>no colour: the model itself</li>"))
    return Markup('<ul class="keys">{}</ul>').format(Markup().join(keys))
