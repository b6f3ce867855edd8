"""Scores as tables for a person and as files for a machine; the regression gate."""
