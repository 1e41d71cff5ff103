"""Networks: layers, draws, activations, input features, derivatives, normalisation."""
