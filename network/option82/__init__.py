"""Option 82: what makes of switches write, read by rules that are data."""
