"""The live window. `run.run` opens it; the other modules know nothing of windows, or of OpenGL.

keyboard -> bindings -> Explorer (preset, time, history) -> Canvas (planes) -> window
                                                         -> HUD text -> overlay
"""

DEFAULT_SIZE = (960, 600)  # of the window, in screen coordinates
