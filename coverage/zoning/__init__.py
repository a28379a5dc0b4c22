"""Zones: drafts, geometry checks, overlaps, publishing, and which buildings a version covers."""
