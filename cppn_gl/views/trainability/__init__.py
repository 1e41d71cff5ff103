"""The boundary of trainability: a picture whose every pixel is a training."""
