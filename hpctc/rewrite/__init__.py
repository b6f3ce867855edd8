"""Widening: grow random legal graphs and rewrite graphs without changing their meaning."""
