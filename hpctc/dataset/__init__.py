"""Pairs on disk: checked, appended to JSONL, released as parquet with a manifest and a card."""
