# ruff: noqa: SIM905, E501 - lists of names read best as prose
"""Fit what `strongroom.flows.answer.weights` holds: run after ``bench/answers.py``, whose room and questions it takes.

Run: ``python bench/answers_fit.py [--room DIR] [--all] [--judge]``; prints what the module holds. Only the half of the
documents that `Question.is_fit` names is looked at; ``--all`` takes both, for what is shipped; ``--judge`` prints what weights
do on documents that they were not fitted on, and with ``--all`` then the tables too. The order of the sentences is fitted on pairs of a
right and a wrong sentence of one question, then what the term model counts beside that order; the doubt on the first sentence of each question, right or of a question that
nothing answers.
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from answers import plain, questions
from sklearn.linear_model import LogisticRegression

import strongroom
from strongroom.domain.query import Term, parse
from strongroom.flows.answer.quoting import PASSAGES, READ, SURE, margins, taken_up
from strongroom.flows.answer.weighing import Columns, Weighing
from strongroom.ports.tools import TermModel

ORDER = """near near_passage held held_around held_passage least score first has lacks length asks short turn turn_passage
gain gain_passage matter matter_unit focus focus_unit exact last last_turn has_name has_time has_count has_place has_reason has_money
has_span""".split()
DOUBT = """near near_passage held held_around held_passage least missing score first has lacks turn turn_passage gain gain_passage
matter matter_unit focus focus_unit has_focus exact long_question""".split()
STRENGTH = 0.1
"""How little the weights of the doubt are held back."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one question and its passages came to."""

    columns: Columns
    """The measures of its sentences."""
    right: np.ndarray
    """Which sentences are right."""
    within: np.ndarray
    """Which stand in a right passage."""
    answerable: bool
    """Whether any document answers it."""
    passages: list[int]
    """The passage of each sentence."""
    question: str
    """What is asked."""
    texts: list[str]
    """The sentences."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What is fitted."""

    order: dict[str, float]
    """By which sentences are put in order."""
    taken_up: float
    """What the term model counts beside it."""
    doubt: dict[str, float]
    """By which the first is doubted."""


class Remembered:
    """A term model that computes each pair once, for the folds ask for the same ones."""

    def __init__(self, terms: TermModel) -> None:
        """Ask one model."""
        self._terms = terms
        self._known: dict[tuple[str, str], float] = {}

    def taken_up(self, question: str, texts: Sequence[str]) -> np.ndarray:
        """Give what the model gives."""
        fresh = [text for text in texts if (question, text) not in self._known]
        if fresh:
            found = self._terms.taken_up(question, fresh)
            self._known |= {(question, text): float(one) for text, one in zip(fresh, found, strict=True)}
        return np.array([self._known[question, text] for text in texts], np.float32)


def measured(room_path: Path, *, everything: bool) -> tuple[list[Row], Remembered]:
    """Give what each question comes to, and the term model."""
    rows = list[Row]()
    with strongroom.open(room_path) as room:
        parts, scope = room._parts, room.scope("ask")  # noqa: SLF001
        terms = parts.toolbox.terms
        assert terms is not None, "run `strongroom models pull`"
        for question in questions():
            if not (everything or question.is_fit):
                continue
            query = parse(question.text)
            query = replace(query, terms=tuple(Term(text=term.text) for term in query.terms))
            passages, _ = parts.searcher.passages(query, scope, limit=PASSAGES)
            weighing = Weighing(query.meaning, passages, parts.vectors)
            key = re.compile(question.key, re.IGNORECASE) if question.key else None
            right = np.array([bool(key and key.search(plain(unit.text))) for unit in weighing.units])
            held = [bool(key and key.search(plain(one.text))) for one in passages]
            within = np.array([held[unit.passage] for unit in weighing.units])
            rows.append(
                Row(
                    columns=weighing.columns,
                    right=right,
                    within=within,
                    answerable=key is not None,
                    passages=[unit.passage for unit in weighing.units],
                    question=query.meaning,
                    texts=[unit.text for unit in weighing.units],
                )
            )
    return rows, Remembered(terms)


def stacked(columns: dict, names: list[str]) -> np.ndarray:
    """Give columns beside each other."""
    return np.stack([columns[name] for name in names], axis=1)


def apart(table: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give right sentences less wrong ones, every pair."""
    return (table[right][:, None] - table[~right][None]).reshape(-1, table.shape[1])


def fit_pairs(pairs: list[np.ndarray], strength: float) -> np.ndarray:
    """Fit what makes the first of two the right one; each question counts the same."""
    table, weight = np.concatenate(pairs), np.concatenate([np.full(len(one), 1 / len(one)) for one in pairs])
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=strength, fit_intercept=False, max_iter=5000)
    model.fit(
        np.concatenate([table, -table]) / spread,
        np.r_[np.ones(len(table)), np.zeros(len(table))],
        sample_weight=np.r_[weight, weight],
    )
    return model.coef_[0] / spread


def fit_order(rows: list[Row]) -> dict[str, float]:
    """Fit the order of sentences."""
    mixed = [row for row in rows if row.answerable and row.right.any() and not row.right.all()]
    pairs = [apart(stacked(row.columns, ORDER), row.right) for row in mixed]
    return dict(zip(ORDER, fit_pairs(pairs, 0.01 * len(pairs)).tolist(), strict=True))


def fit_taken_up(rows: list[Row], order: dict[str, float], terms: Remembered) -> float:
    """Fit what the term model counts among the best sentences of the order."""
    pairs = []
    for row in rows:
        scores = ordered(row, order)
        best = np.argsort(-scores, kind="stable")[:READ]
        right = row.right[best]
        if row.answerable and right.any() and not right.all():
            taken = taken_up(scores, row.question, row.texts, terms)
            pairs.append(apart(np.stack([scores, taken], axis=1)[best], right))
    slopes = fit_pairs(pairs, 1.0)
    return float(slopes[1] / slopes[0])


def ordered(row: Row, order: dict[str, float]) -> np.ndarray:
    """Give the scores of sentences without the term model."""
    return stacked(row.columns, ORDER) @ np.array([order[name] for name in ORDER])


def scored(row: Row, weights: Weights, terms: Remembered) -> np.ndarray:
    """Give the scores of sentences."""
    scores = ordered(row, weights.order)
    return scores + weights.taken_up * taken_up(scores, row.question, row.texts, terms)


def fit(rows: list[Row], terms: Remembered) -> Weights:
    """Fit everything."""
    order = fit_order(rows)
    weights = Weights(order=order, taken_up=fit_taken_up(rows, order, terms), doubt={})
    return replace(weights, doubt=fit_doubt(rows, weights, terms))


def fit_doubt(rows: list[Row], weights: Weights, terms: Remembered) -> dict[str, float]:
    """Fit the doubt of the first sentence."""
    table, good = [], []
    for row in rows:
        scores = scored(row, weights, terms)
        first = int(scores.argmax())
        if row.answerable and not row.within[first]:
            continue
        table.append([*(row.columns[name][first] for name in DOUBT), *margins(scores, row.passages)])
        good.append(bool(row.within[first]))
    whole = np.array(table)
    mean, spread = whole.mean(axis=0), whole.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=5000).fit((whole - mean) / spread, good)
    slopes = model.coef_[0] / spread
    names = [*DOUBT, "ahead", "above"]
    return {**dict(zip(names, slopes.tolist(), strict=True)), "always": float(model.intercept_[0] - slopes @ mean)}


def applied(rows: list[Row], weights: Weights, terms: Remembered) -> tuple[np.ndarray, np.ndarray]:
    """Give how sure the first sentence of each question is, and whether it stands in a right passage."""
    sure, good, doubt = [], [], weights.doubt
    for row in rows:
        scores = scored(row, weights, terms)
        first = int(scores.argmax())
        own = sum(row.columns[name][first] * doubt[name] for name in DOUBT)
        ahead, above = margins(scores, row.passages)
        sure.append(own + ahead * doubt["ahead"] + above * doubt["above"] + doubt["always"])
        good.append(bool(row.within[first]))
    return np.array(sure), np.array(good)


def judge(rows: list[Row], terms: Remembered, folds: np.ndarray, foreign: np.ndarray) -> None:
    """Print what weights do on documents that they were not fitted on, for several bars."""
    sure, good = np.zeros(len(rows)), np.zeros(len(rows), bool)
    answerable = np.array([row.answerable for row in rows])
    for fold in sorted(set(folds.tolist())):
        weights = fit([row for row, of in zip(rows, folds, strict=True) if of != fold], terms)
        at = np.flatnonzero(folds == fold)
        sure[at], good[at] = applied([rows[one] for one in at], weights, terms)
    print(f"the first sentence is of a right passage: {good[answerable].mean():.3f}")
    near, far = ~answerable & ~foreign, ~answerable & foreign
    for bar in (*np.arange(-1.0, 0.3, 0.1).round(1).tolist(), SURE):
        said = (sure >= bar) & good & answerable
        missed, other = (sure[near] < bar).mean(), (sure[far] < bar).mean()
        print(
            f"bar {bar:5.2f}: right passage first {said.sum() / answerable.sum():.3f}; nothing found where nothing answers "
            f"{(sure[~answerable] < bar).mean():.3f} (near misses {missed:.3f}, other matters {other:.3f}, half of each "
            f"{(missed + other) / 2:.3f})"
        )


def main() -> None:
    """Fit and print, or judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--room", type=Path, default=Path.home() / ".cache" / "strongroom" / "bench-answers")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--judge", action="store_true")
    given = parser.parse_args()
    rows, terms = measured(given.room / "room", everything=given.all or given.judge)
    if given.judge:
        asked = questions()
        foreign = np.array([question.document == "nothing" for question in asked])
        print("both halves, each judged by weights of the other:")
        judge(rows, terms, np.array([question.is_fit for question in asked]), foreign)
        print("six folds by document:")
        judge(
            rows, terms, np.array([at % 6 if one.document == "nothing" else one.fold for at, one in enumerate(asked)]), foreign
        )
        if not given.all:
            return
    weights = fit(rows, terms)
    print(f"TAKEN_UP = {weights.taken_up:.3f}")
    for name, table in (("ORDER", weights.order), ("DOUBT", weights.doubt)):
        print(f"{name}: Mapping[str, float] = {{")
        for measure, weight in table.items():
            print(f'    "{measure}": {weight:.3f},')
        print("}")


if __name__ == "__main__":
    main()
