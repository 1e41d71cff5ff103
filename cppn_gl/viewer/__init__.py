"""The live window, opened by `run.run`.

key events -> bindings -> Explorer (preset, time, history) -> Canvas (planes) -> window
                                                           -> HUD text -> overlay
"""

DEFAULT_SIZE = (960, 600)  # screen coordinates
