"""Whoever answers a prompt: the reference, the null transpiler, recorded answers."""
