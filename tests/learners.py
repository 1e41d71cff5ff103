"""What views need of a preset that show what a network learns: data, here a shipped picture."""

LEARNING = ("learning", "painting", "loss_landscape", "trainability")


def needed(view: str) -> dict[str, object]:
    """Keys without which a view cannot show a preset."""
    short = {"trainability.train_steps": 3} if view == "trainability" else {}
    return {"train.data": "anchor.png", "train.batch": 8, **short} if view in LEARNING else {}
