"""The benchmark: how fast each network is drawn here, beside what else could draw it.

options -> Plan -> run: asks a worker process, within a budget -> rows -> table, JSON
"""
