"""Plots as small SVG texts that take their colours from the page's style sheet.

So one drawing is right in light and dark, on paper and on a phone (each plot is drawn once wide and
once narrow), its marks link to their tasks, and the page needs no plotting library at view time.
"""
