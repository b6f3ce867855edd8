"""Run untrusted native code in a child process with limits."""
