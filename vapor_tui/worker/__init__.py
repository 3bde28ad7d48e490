"""Claims queued jobs, drives each through its runner, and stores what comes of it."""
