"""Training: data sets, losses, optimizers, and what a network is after so many steps."""
