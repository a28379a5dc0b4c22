"""Tests of Geobill: README.md beside this file says which folder is for what."""
