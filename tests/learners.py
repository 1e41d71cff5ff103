"""What views need of a preset that show what a network learns: data, here a shipped picture."""

LEARNING = ("learning", "painting", "loss_landscape")


def needed(view: str) -> dict[str, object]:
    """Keys without which a view cannot show a preset."""
    return {"train.data": "anchor.png", "train.batch": 8} if view in LEARNING else {}
