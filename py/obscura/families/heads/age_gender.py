"""Age and gender of a face (HSE_FaceRec, Savchenko 2019, PeerJ Computer Science 5:e197).

Outputs: ``age``, a probability for each year of age, ``[1, years]``; ``male``, ``[1, 1]``. The
age is the expectation over the years (Rothe et al. 2015, DEX), which errs less than the likeliest.
"""

from __future__ import annotations

import numpy as np

from obscura.families.common.rows import Option, mismatch
from obscura.families.heads.answer import CropAnswer, HeadReading, Outputs, values

OPTIONS: dict[str, Option] = {
    "first": Option(0, help="the age in years that the first number stands for"),
}


def read(outputs: Outputs, card: HeadReading) -> CropAnswer:
    """See `HeadModule.read`. The values are "age" in years and "male" in 0..1, each ``(1,)``."""
    age, male = outputs.get("age"), outputs.get("male")
    if age is None or male is None or age.size < 2 or male.size != 1 or age.size != age.shape[-1]:
        raise mismatch(outputs, "age [1, years] and male [1, 1]")
    likely = age.reshape(-1).astype(np.float64)
    years = np.arange(age.size) + card.options["first"]
    expected = (likely * years).sum() / max(float(likely.sum()), np.finfo(np.float32).tiny)
    return values(age=np.array([expected], np.float32), male=male.reshape(1).astype(np.float32))
