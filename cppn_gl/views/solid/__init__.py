"""Solid things in perspective: surfaces and volumes, seen by an orbiting eye."""
