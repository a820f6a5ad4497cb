"""Prompt templates: text in, text out. Knows template languages; knows no model and no request."""
