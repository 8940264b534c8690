"""Pictures of an evaluation, as PNG bytes; they show what the tables say and hold no figure of their own."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import Sample

Floats = NDArray[np.float64]
BINS = 10


def _canvas() -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6, 5), dpi=110)


def _png(figure: Any) -> bytes:
    from matplotlib import pyplot

    target = io.BytesIO()
    figure.tight_layout()
    # Without the writer's name and date the same figures give the same bytes.
    figure.savefig(target, format="png", metadata={"Software": None})
    pyplot.close(figure)
    return target.getvalue()


def reliability_bins(score: Floats, outcome: Floats, bins: int = BINS) -> list[tuple[float, float, int, int]]:
    """Mean probability, share of events, rows and events of ``bins`` groups of equally many rows by score."""
    order = np.argsort(score, kind="stable")
    groups = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(score[p].mean()), float(outcome[p].mean()), len(p), int(outcome[p].sum())) for p in groups]


def reliability(scores: Mapping[str, Floats], outcome: Floats) -> bytes:
    """Observed share of events against predicted probability, with 95 % binomial bars for the first model."""
    figure, axis = _canvas()
    for number, (name, score) in enumerate(scores.items()):
        bins = reliability_bins(score, outcome)
        x, y = [b[0] for b in bins], [b[1] for b in bins]
        bars = [1.96 * float(np.sqrt(max(b[1] * (1 - b[1]), 1e-9) / b[2])) for b in bins]
        axis.errorbar(
            x, y, yerr=bars if number == 0 else None, marker="o", label=name, alpha=1 if number == 0 else 0.5
        )
    top = max(axis.get_xlim()[1], axis.get_ylim()[1])
    axis.plot([0, top], [0, top], color="grey", linewidth=1, linestyle="--")
    axis.set(
        xlabel="predicted probability",
        ylabel="observed share",
        title=f"Reliability ({int(outcome.sum())} events)",
    )
    axis.legend()
    return _png(figure)


def precision_recall(scores: Mapping[str, Floats], outcome: Floats) -> bytes:
    """Precision against recall of each model."""
    figure, axis = _canvas()
    for name, score in scores.items():
        rows, events = Sample.of(score, outcome).cumulated
        step = max(1, len(rows) // 2000)
        axis.plot((events / events[-1])[::step], (events / rows)[::step], label=name)
    axis.axhline(float(outcome.mean()), color="grey", linewidth=1, linestyle="--")
    title = f"Precision and recall ({int(outcome.sum())} events)"
    axis.set(xlabel="recall", ylabel="precision", title=title, ylim=(0, 1))
    axis.legend()
    return _png(figure)


def recall_by_size(scores: Mapping[str, Floats], outcome: Floats) -> bytes:
    """Share of events found against the share of households on the list."""
    figure, axis = _canvas()
    sizes = np.linspace(0.005, 0.5, 100)
    for name, score in scores.items():
        sample = Sample.of(score, outcome)
        found = [sample.captured(size)[0] / outcome.sum() for size in sizes]
        axis.plot(sizes, found, label=name)
    axis.plot(sizes, sizes, color="grey", linewidth=1, linestyle="--")
    title = f"Recall by list size ({int(outcome.sum())} events)"
    axis.set(xlabel="share of households on the list", ylabel="recall", title=title)
    axis.legend()
    return _png(figure)


def shap_summary(booster: Any, matrix: Floats, names: list[str]) -> bytes:
    """SHAP summary of the tree part, by `shap` itself.

    booster : LightGBM's; matrix : its inputs, shape (rows, inputs); names : of the inputs
    """
    import shap

    with warnings.catch_warnings():
        # It announces on every call that the values of a binary model changed their form two years ago.
        warnings.simplefilter("ignore")
        values = shap.TreeExplainer(booster).shap_values(matrix)
    _canvas()
    from matplotlib import pyplot

    generator = np.random.default_rng(0)
    shap.summary_plot(values, matrix, feature_names=names, max_display=20, show=False, rng=generator)
    return _png(pyplot.gcf())
