# ruff: noqa: SIM905, E501 - lists of names read best as prose
"""Fit what `strongroom.flows.answer.weights` holds: run after ``bench/answers.py``, whose room and questions it takes.

Run: ``python bench/answers_fit.py [--room DIR] [--all] [--judge]``; prints the module's two tables. Only the half of the
documents that `Question.is_fit` names is looked at; ``--all`` takes both, for what is shipped; ``--judge`` prints what weights
do on documents that they were not fitted on. The order of the sentences is fitted on pairs of a
right and a wrong sentence of one question; the doubt on the first sentence of each question, right or of a question that
nothing answers.
"""

import argparse
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from answers import plain, questions
from sklearn.linear_model import LogisticRegression

import strongroom
from strongroom.domain.query import Term, parse
from strongroom.flows.answer.quoting import PASSAGES, SURE, margins
from strongroom.flows.answer.weighing import Weighing

ORDER = """near near_passage held held_around held_passage least score first has lacks length asks short turn turn_passage
gain gain_passage matter matter_unit focus focus_unit exact last last_turn has_name has_time has_count has_place has_reason has_money
has_span""".split()
DOUBT = """near near_passage held held_around held_passage least missing score first has lacks turn turn_passage gain gain_passage
matter matter_unit focus focus_unit has_focus exact last last_turn long_question wants_name has_name wants_time has_time wants_count
has_count wants_place has_place wants_reason has_reason wants_money has_money wants_span has_span""".split()


def measured(room_path: Path, *, everything: bool) -> list[tuple[dict, np.ndarray, np.ndarray, bool]]:
    """Give the columns of each question, which sentences are right, which stand in a right passage, and whether any is."""
    rows = []
    with strongroom.open(room_path) as room:
        parts, scope = room._parts, room.scope("ask")  # noqa: SLF001
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
            rows.append((weighing.columns, right, within, key is not None, [unit.passage for unit in weighing.units]))
    return rows


def stacked(columns: dict, names: list[str]) -> np.ndarray:
    """Give columns beside each other."""
    return np.stack([columns[name] for name in names], axis=1)


def fit_order(rows: list) -> dict[str, float]:
    """Fit the order of sentences."""
    pairs, weights = [], []
    for columns, right, _, answerable, _ in rows:
        if answerable and right.any() and not right.all():
            table = stacked(columns, ORDER)
            apart = (table[right][:, None] - table[~right][None]).reshape(-1, len(ORDER))
            pairs.append(apart)
            weights.append(np.full(len(apart), 1 / len(apart)))
    table, weight = np.concatenate(pairs), np.concatenate(weights)
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.01 * len(pairs), fit_intercept=False, max_iter=5000)
    model.fit(
        np.concatenate([table, -table]) / spread,
        np.r_[np.ones(len(table)), np.zeros(len(table))],
        sample_weight=np.r_[weight, weight],
    )
    return dict(zip(ORDER, (model.coef_[0] / spread).tolist(), strict=True))


def fit_doubt(rows: list, order: dict[str, float]) -> dict[str, float]:
    """Fit the doubt of the first sentence."""
    table, good = [], []
    for columns, _, within, answerable, passages in rows:
        scores = stacked(columns, ORDER) @ np.array([order[name] for name in ORDER])
        first = int(scores.argmax())
        if answerable and not within[first]:
            continue
        table.append([*(columns[name][first] for name in DOUBT), *margins(scores, passages)])
        good.append(bool(within[first]))
    whole = np.array(table)
    mean, spread = whole.mean(axis=0), whole.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.03, class_weight="balanced", max_iter=5000).fit((whole - mean) / spread, good)
    slopes = model.coef_[0] / spread
    names = [*DOUBT, "ahead", "above"]
    return {**dict(zip(names, slopes.tolist(), strict=True)), "always": float(model.intercept_[0] - slopes @ mean)}


def applied(rows: list, order: dict[str, float], doubt: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Give how sure the first sentence of each question is, and whether it stands in a right passage."""
    sure, good = [], []
    for columns, _, within, _, passages in rows:
        scores = stacked(columns, ORDER) @ np.array([order[name] for name in ORDER])
        first = int(scores.argmax())
        own = sum(columns[name][first] * doubt[name] for name in DOUBT)
        ahead, above = margins(scores, passages)
        sure.append(own + ahead * doubt["ahead"] + above * doubt["above"] + doubt["always"])
        good.append(bool(within[first]))
    return np.array(sure), np.array(good)


def judge(rows: list, folds: np.ndarray, foreign: np.ndarray) -> None:
    """Print what weights do on documents that they were not fitted on, for several bars."""
    sure, good = np.zeros(len(rows)), np.zeros(len(rows), bool)
    answerable = np.array([row[3] for row in rows])
    for fold in sorted(set(folds.tolist())):
        known = [row for row, of in zip(rows, folds, strict=True) if of != fold]
        order = fit_order(known)
        at = np.flatnonzero(folds == fold)
        sure[at], good[at] = applied([rows[one] for one in at], order, fit_doubt(known, order))
    print(f"the first sentence is of a right passage: {good[answerable].mean():.3f}")
    for bar in (-1.0, -0.8, SURE, -0.4, -0.2, 0.0):
        said = (sure >= bar) & good & answerable
        near, far = ~answerable & ~foreign, ~answerable & foreign
        print(
            f"bar {bar:5.1f}: right passage first {said.sum() / answerable.sum():.3f}; nothing found where nothing answers "
            f"{(sure[~answerable] < bar).mean():.3f} (near misses {(sure[near] < bar).mean():.3f}, other matters "
            f"{(sure[far] < bar).mean():.3f})"
        )


def main() -> None:
    """Fit and print, or judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--room", type=Path, default=Path.home() / ".cache" / "strongroom" / "bench-answers")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--judge", action="store_true")
    given = parser.parse_args()
    rows = measured(given.room / "room", everything=given.all or given.judge)
    if given.judge:
        asked = questions()
        foreign = np.array([question.document == "nothing" for question in asked])
        print("both halves, each judged by weights of the other:")
        judge(rows, np.array([question.is_fit for question in asked]), foreign)
        print("six folds by document:")
        judge(rows, np.array([at % 6 if one.document == "nothing" else one.fold for at, one in enumerate(asked)]), foreign)
        return
    order = fit_order(rows)
    for name, table in (("ORDER", order), ("DOUBT", fit_doubt(rows, order))):
        print(f"{name}: Mapping[str, float] = {{")
        for measure, weight in table.items():
            print(f'    "{measure}": {weight:.3f},')
        print("}")


if __name__ == "__main__":
    main()
