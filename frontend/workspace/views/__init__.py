"""Views of the workspace: parse, one call, render."""
