"""Answers taken apart while they stream: content, thinking, tool calls. Knows text alone."""
