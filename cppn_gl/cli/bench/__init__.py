"""The benchmark: how fast networks are drawn on this machine, compared with other libraries.

options -> Plan -> run: requests to a worker process, within a budget -> rows -> table, JSON
"""
