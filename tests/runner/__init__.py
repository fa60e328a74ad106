"""Tests of the notebook runner."""
