"""The prompts of model families, written by code where a config names a renderer."""

from paddock.families.base import FamilyRenderer
from paddock.families.registry import RENDERERS, renderer

__all__ = ["RENDERERS", "FamilyRenderer", "renderer"]
