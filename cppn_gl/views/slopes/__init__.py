"""Views that are told by derivatives and differences: how steep, which region, how sensitive."""
