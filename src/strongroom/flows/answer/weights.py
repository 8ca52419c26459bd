"""What each measure of `weighing` counts; fitted by ``bench/answers_fit.py``, judged by ``bench/answers.py``."""

from collections.abc import Mapping

ORDER: Mapping[str, float] = {
    "near": 5.470,
    "near_passage": 0.420,
    "held": 1.556,
    "held_around": 2.653,
    "held_passage": 0.361,
    "least": 0.778,
    "score": 2.279,
    "first": 0.938,
    "has": 0.776,
    "lacks": -0.776,
    "length": 0.072,
    "asks": -3.222,
    "short": -0.685,
    "turn": 0.428,
    "turn_passage": 0.179,
    "gain": 2.571,
    "gain_passage": 1.759,
    "matter": 1.138,
    "matter_unit": -1.112,
    "focus": 1.207,
    "focus_unit": 1.784,
    "exact": 1.040,
    "last": 0.161,
    "last_turn": -0.401,
    "has_name": -1.758,
    "has_time": 2.930,
    "has_count": 2.357,
    "has_place": -0.686,
    "has_reason": -0.616,
    "has_money": -0.947,
    "has_span": 1.838,
}
"""By which the sentences of a question are put in order."""

TAKEN_UP = 3.267
"""What the share of the question that a sentence takes up counts beside `ORDER`, as the term model tells it."""

DOUBT: Mapping[str, float] = {
    "near": 3.980,
    "near_passage": 1.785,
    "held": 0.299,
    "held_around": 0.245,
    "held_passage": 1.246,
    "least": 0.427,
    "missing": -0.098,
    "score": 0.239,
    "first": 0.555,
    "has": -0.999,
    "lacks": -1.915,
    "turn": 0.174,
    "turn_passage": 0.591,
    "gain": -0.068,
    "gain_passage": 5.669,
    "matter": 1.625,
    "matter_unit": -1.756,
    "focus": 0.474,
    "focus_unit": 1.146,
    "has_focus": -0.602,
    "exact": 0.319,
    "long_question": 2.031,
    "ahead": 0.058,
    "above": 0.150,
    "always": -6.302,
}
"""By which the first of them is doubted; "always" counts once."""
