"""RapidOCR (Apache-2.0), which runs and reads PP-OCR's text detection (Apache-2.0).

The network is the one that the package carries. Its map for a drawn page is recorded, rounded to
255 levels, and the lines that the package's own post-processing finds in it, with the settings of
`obscura.families.heads.dbtext`. Its boxes are turned; the ones around them are recorded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from references import Reference, project, run

SIDE = 320
THRESHOLD = 0.5
LINES = ("OBSCURA", "12 people, 3 dogs", "B-XY 1234", "exit", "left or right?", "2026")


def _page() -> Image.Image:
    page = Image.new("RGB", (SIDE, SIDE), (225, 222, 210))
    draw = ImageDraw.Draw(page)
    for place, text in enumerate(LINES):
        font = ImageFont.load_default(16 + 4 * (place % 3))
        draw.text((20 + 35 * (place % 4), 20 + 48 * place), text, fill=(20, 30, 60), font=font)
    return page


def dbnet() -> Reference:
    """What `DBPostProcess` finds on the page."""
    import rapidocr_onnxruntime
    from rapidocr_onnxruntime.ch_ppocr_det.utils import DBPostProcess

    package = Path(rapidocr_onnxruntime.__file__).parent
    network = (package / "models" / "ch_PP-OCRv4_det_infer.onnx").read_bytes()
    pixels = np.asarray(_page(), np.float32)[..., ::-1] / 127.5 - 1
    (likely,) = run(network, {"x": pixels.transpose(2, 0, 1)[None]}).values()
    likely = (np.rint(likely * 255) / 255).astype(np.float32)
    process = DBPostProcess(
        thresh=0.3, box_thresh=THRESHOLD, unclip_ratio=1.6, score_mode="slow", use_dilation=False
    )
    quads, scores = process(likely, (SIDE, SIDE))
    corners = np.asarray(quads, np.float32).reshape(-1, 4, 2)
    return Reference(
        (SIDE, SIDE), {"map": likely},
        np.concatenate([corners.min(axis=1), corners.max(axis=1)], 1),
        np.asarray(scores, np.float32), np.zeros(len(corners), np.int64), THRESHOLD, 1.0,
        project("rapidocr-onnxruntime", "Apache-2.0"),
    )  # fmt: skip


RECORDS = {"dbnet": dbnet}
