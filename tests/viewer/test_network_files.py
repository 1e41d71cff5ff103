"""Networks whose weights are in a file, in the window: keys, the panel, and files that change."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.network import Network
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import with_network
from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.journal import Journal
from tests.desktop import Desktop, wait_for
from tests.dropping import drop

VIEW = Preset(title="A view").replace(depth=2, width=3, extent=2.5, mapping="lab")


def save(path: Path, seed: int, depth: int = 4) -> Path:
    """Save a network, as a training script does: without regard to who reads it."""
    Network.random(depth=depth, width=6, seed=seed, weight_scale=0.8).save(path)
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save(tmp_path / "net.safetensors", 1)


@pytest.fixture
def explorer(weights: Path) -> Explorer:
    return Explorer(with_network(VIEW, weights))


def spec(explorer: Explorer) -> File:
    assert isinstance(explorer.preset.spec, File)
    return explorer.preset.spec


@pytest.mark.parametrize("action", ["wider", "narrower", "random_seed", "next_init"])
def test_keys_of_random_draws_say_which_keys_there_are(explorer: Explorer, action: str) -> None:
    before = explorer.preset
    explorer.act(action)
    assert explorer.preset is before
    assert explorer.message == "the weights are those of net.safetensors; ↑ ↓ ] [ A change it"


def test_depth_is_that_of_the_file_or_less(explorer: Explorer) -> None:
    explorer.deeper()
    assert explorer.message == "the depth ranges from 1 to 4"
    explorer.shallower()
    assert spec(explorer).depth == 3
    explorer.shallower(large=True)
    assert spec(explorer).depth == 1
    explorer.deeper(large=True)
    assert spec(explorer) == spec(Explorer(explorer.loaded))


def test_weight_scale_and_activation_can_be_changed(explorer: Explorer) -> None:
    explorer.stronger()
    assert spec(explorer).weight_scale > 1
    explorer.weaker()
    assert spec(explorer).weight_scale == 1
    explorer.double_scale()
    assert spec(explorer).weight_scale == 2
    explorer.next_activation()
    assert explorer.message == f"activation {spec(explorer).activation}"
    assert spec(explorer).activation != "tanh"
    explorer.history_back()
    explorer.history_back()
    assert spec(explorer).weight_scale == 1


def test_a_weight_that_is_set_is_no_longer_the_files(explorer: Explorer) -> None:
    explorer.set_weight((2, 0), 1, 0.25)
    assert explorer.message.endswith("; the weights are now fixed: Z takes it back")
    explorer.stronger()
    assert explorer.message == "setting a weight fixes the weights: Z takes it back"
    explorer.restore(network=True)
    assert spec(explorer).label == "net.safetensors"


def test_another_network_in_the_file_is_no_step_of_the_history(
    explorer: Explorer, weights: Path
) -> None:
    explorer.zoom_in()
    explorer.layer_down()
    before, place = explorer.preset, explorer.history.place
    save(weights, 2, depth=3)
    explorer.refresh(load_preset(weights).spec)
    assert explorer.history.place == place
    assert explorer.preset.view == before.view
    assert explorer.preset.color == before.color
    assert explorer.loaded.spec == explorer.preset.spec  # nothing counts as changed
    assert explorer.layer == explorer.preset.spec.depth == 3
    explorer.history_back()
    assert explorer.preset.spec == before.spec


def test_the_history_on_disk_names_the_file(weights: Path, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "history.jsonl")
    explorer = Explorer(with_network(VIEW, weights), journal=journal)
    explorer.zoom_in()
    explorer.history.finish()
    line = (tmp_path / "history.jsonl").read_text().splitlines()[-1]
    assert len(line) < 2000
    again = Explorer(VIEW, journal=Journal(tmp_path / "history.jsonl"))
    again.history_back()
    assert again.preset == explorer.preset


def test_what_needs_a_file_that_has_changed_is_skipped_with_a_word(
    weights: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "history.jsonl"
    explorer = Explorer(VIEW, journal=Journal(journal))
    explorer.load(with_network(VIEW, weights))
    explorer.zoom_in()
    explorer.history.finish()
    save(weights, 2)
    again = Explorer(with_network(VIEW, weights), journal=Journal(journal))
    again.history_back()
    assert again.preset == VIEW
    lost = "; skipped what needs net.safetensors, which changed or is gone"
    assert again.message.endswith(f"history: 1 of 2{lost}")
    again.history_on()
    assert again.message.endswith("history: 2 of 2")


# In a real window


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []
    (tmp_path / "my.toml").write_text(VIEW.to_toml())

    def begin(file: str, size: str = "480x300") -> Desktop:
        opened.append(Desktop(display, tmp_path, file, "--size", size, hud=True))
        return opened[-1]

    yield begin
    for desktop in opened:
        desktop.close()


def shows_network(desktop: Desktop, path: Path) -> None:
    """Wait until the network in a file is what is shown, with the view and colours of VIEW."""

    def look() -> bool:
        event = desktop.events()[-1]
        return event["finished"] and f'file = "{path}"' in event["preset"]

    wait_for(look, f"the network of {path.name}")
    assert 'mapping = "lab"' in desktop.events()[-1]["preset"]
    assert "extent = 2.5" in desktop.events()[-1]["preset"]


@pytest.mark.window
def test_a_dropped_network_keeps_view_and_colours_and_can_be_saved(
    start: Callable[..., Desktop], weights: Path, tmp_path: Path
) -> None:
    desktop = start("my.toml")
    desktop.finished()
    drop(desktop.display, int(desktop.window), [weights])
    desktop.tells("message", "net.safetensors: net")
    shows_network(desktop, weights)
    desktop.tells("facts", "depth 4, weights of net.safetensors")
    desktop.key("ctrl+s")
    desktop.tells("message", "saved net-")
    (saved,) = tmp_path.glob("net-*.toml")
    assert 'file = "net.safetensors"' in saved.read_text()
    assert read_preset(saved) == with_network(VIEW, weights)
    desktop.key("F2")
    (picture,) = wait_for(lambda: list(tmp_path.glob("net-*.png")), "a picture")
    assert load_preset(picture) == with_network(VIEW, weights)
    desktop.key("z")
    desktop.shows(lambda preset: preset == VIEW, "the preset before")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


@pytest.mark.window
def test_a_network_that_is_trained_is_seen_as_it_is_saved(
    start: Callable[..., Desktop], weights: Path
) -> None:
    desktop = start("net.safetensors")
    desktop.finished()
    before = desktop.pixels()
    save(weights, 2)
    desktop.tells("message", "reloaded net.safetensors")
    wait_for(lambda: (desktop.pixels() != before).mean() > 0.2, "another picture")
    good = weights.read_bytes()
    weights.write_bytes(good[:200])  # a script that was killed
    words = desktop.tells("problem", "the last good network is shown")
    assert "net.safetensors" in words
    weights.write_bytes(good)
    wait_for(lambda: (desktop.events(), "problem" not in desktop.told)[1], "no problem")
    weights.unlink()
    save(weights.with_name("new.safetensors"), 3)
    os.replace(weights.with_name("new.safetensors"), weights)
    desktop.tells("message", "reloaded net.safetensors")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


@pytest.mark.window
def test_a_preset_saved_while_the_file_is_broken_opens_again(
    start: Callable[..., Desktop], weights: Path, tmp_path: Path
) -> None:
    desktop = start("net.safetensors")
    desktop.finished()
    shown = load_preset(weights)
    weights.write_bytes(weights.read_bytes()[:200])
    desktop.tells("problem", "the last good network is shown")
    desktop.key("ctrl+s")
    desktop.tells("message", "with the weights shown")
    (saved,) = tmp_path.glob("net-*.toml")
    assert read_preset(saved).spec == shown.spec
    assert desktop.quit() == 0


@pytest.mark.window
def test_the_panel_takes_a_path_and_says_what_is_wrong_with_it(
    start: Callable[..., Desktop], weights: Path, tmp_path: Path
) -> None:
    desktop = start("my.toml", "1280x800")
    (tmp_path / "other.npz").write_bytes(b"PK")
    desktop.finished()
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "--delay", "5", "safetensors")
    desktop.finished()  # nothing moves any more
    desktop.click("network.file")
    desktop.place("typing network.file")
    desktop.xdotool("type", "--delay", "5", "other.npz")
    desktop.key("Return")
    desktop.place("problem network.file")
    desktop.shows(lambda preset: preset == VIEW, "the same preset")
    desktop.click("network.file")
    desktop.place("typing network.file")
    desktop.xdotool("type", "--delay", "5", str(weights))
    desktop.key("Return")
    desktop.gone("problem network.file")
    shows_network(desktop, weights)
    assert desktop.log.read_text() == ""
