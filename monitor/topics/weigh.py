"""TF-IDF weights of some texts' terms, counted and weighed by scikit-learn. Pure.

Importing this takes some 90 MB and a second, for good. Who lives long has `monitor.weighing` import
it in a process that ends; the weights are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

# What a text repeats is what it is about; below 1, as a tenth mention says less than the first.
TF_POWER = 0.7


def weigh(texts: Sequence[Sequence[str]], rarity: Mapping[str, float]) -> dict[str, float]:
    """Give the weight of each term of some texts, all together: tf^0.7 x rarity.

    The texts are lists of terms, each of which has its rarity at large. Weights are above 0, of no
    certain length, and in the order of the terms.

    >>> weights = weigh([["wire", "fence"], ["fence"]], {"fence": 2.0, "wire": 3.0})
    >>> {term: round(weight, 3) for term, weight in weights.items()}
    {'fence': 3.249, 'wire': 3.0}
    """
    if not rarity:
        return {}
    counter = CountVectorizer(analyzer=list)
    counts = counter.fit_transform(texts)
    terms = [str(term) for term in counter.get_feature_names_out()]
    weighing = TfidfTransformer(norm=None, smooth_idf=False).fit(counts)
    # The rarity at large takes the place of what these few texts could tell.
    weighing.idf_ = np.array([rarity[term] for term in terms])
    total = np.asarray(counts.sum(axis=0), dtype=float)
    weights = np.asarray(weighing.transform(np.power(total, TF_POWER)).todense()).ravel()
    return dict(zip(terms, weights.tolist(), strict=True))
