"""Views of image networks: what they see in a picture, layer by layer and channel by channel."""
