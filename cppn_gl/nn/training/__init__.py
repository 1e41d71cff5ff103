"""Training: data, losses, optimizers, and runs whose step k is a function of the preset alone."""
