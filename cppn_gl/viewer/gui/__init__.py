"""What can be clicked and typed into in the window, drawn by Dear ImGui: the panel, the chooser."""
