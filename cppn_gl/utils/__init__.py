"""Checks, files, caches, tasks, threads, colour maps: nothing here knows of networks."""
