"""Checks, files, caches, tasks, threads, colour maps: nothing of networks."""
