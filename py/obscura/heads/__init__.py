"""Heads: second networks that look closer at what a detector found, or at the whole frame."""

from obscura.heads.assembly import Assembly, assemble, completed, described, drive
from obscura.heads.budget import Budget
from obscura.heads.crops import Crops
from obscura.heads.file import load_pipeline
from obscura.heads.spec import Every, HeadSpec, OnceThen, PipelineError, PipelineSpec
from obscura.heads.stage import HeadFailed, HeadStage

__all__ = [
    "Assembly",
    "Budget",
    "Crops",
    "Every",
    "HeadFailed",
    "HeadSpec",
    "HeadStage",
    "OnceThen",
    "PipelineError",
    "PipelineSpec",
    "assemble",
    "completed",
    "described",
    "drive",
    "load_pipeline",
]
