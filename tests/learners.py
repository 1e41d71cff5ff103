"""What views need of a preset that shows what a network learns: data, here a shipped picture."""

LEARNS = {"train.data": "anchor.png", "train.batch": 8}


def needed(view: str) -> dict[str, object]:
    """Keys without which the view cannot show a preset."""
    return LEARNS if view in ("learning", "painting") else {}
