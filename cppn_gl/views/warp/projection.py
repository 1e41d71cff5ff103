"""What of a layer's units is shown: two or three units themselves, or principal components.

units of a layer at reference points -> projection_of() -> Projection: names, basis (units, 1 to 3)

Components stay put from layer to layer and from step to step of a training. Their plane or space is
that of the first three; in it they are turned and mirrored to match the layer before (orthogonal
Procrustes, Schönemann 1966), and the first layer of them to match the plane of the inputs. Where
the layer before is flat, the third direction is the one in which the first output grows. So they
depend on nothing but the network and the reference points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cppn_gl.utils.arrays import Float64

SHOWN = 3  # units or components, at most
_FLAT = 1e-6  # of the largest deviation: no more is no third dimension
_HINT = 1e-6  # weight of the first output, where it is one of the directions to match


@dataclass(frozen=True, eq=False)
class Projection:
    """Axes' names, and what they are: units (..., n) @ basis (n, axes) are coordinates on them.

    part: the fraction of the variance at the reference points that they show; 1 if they are all
    units.
    """

    names: tuple[str, ...]
    basis: Float64
    part: float = 1.0
    components: bool = False

    @property
    def axes(self) -> int:
        return len(self.names)

    @property
    def exact(self) -> bool:
        """Whether the axes are all units of the layer."""
        return not self.components and self.basis.shape[0] == self.axes

    def seen(self, units: Float64) -> Float64:
        """Coordinates (N, 3) of units (N, n); 0 on axes that there are not."""
        found = np.zeros((len(units), SHOWN))
        with np.errstate(all="ignore"):
            found[:, : self.axes] = units @ self.basis
        return found


def of_units(names: Sequence[str], chosen: Sequence[int] = ()) -> Projection:
    """Those of the units with a chosen number (from 1), or else the first three, as axes."""
    picked = [k - 1 for k in chosen if k <= len(names)] or list(range(min(len(names), SHOWN)))
    return Projection(tuple(names[k] for k in picked), np.eye(len(names))[:, picked])


def of_components(units: Float64, before: Float64, score: Float64) -> Projection:
    """The first three components of units (R, n) at reference points.

    before: these points' coordinates (R, 3) in the layer before. score: (R,) of each, see above.
    """
    good = np.isfinite(units).all(axis=1) & np.isfinite(before).all(axis=1)
    y, target = units[good], before[good]
    names = tuple(f"component {k + 1}" for k in range(SHOWN))
    if not len(y):
        return Projection(names, np.eye(units.shape[1])[:, :SHOWN], 0.0, True)
    size = max(float(np.abs(y).max()), 1e-300)
    y = (y - y.mean(axis=0)) / size
    basis, spread = _directions(y)
    turned = basis @ _matching(y @ basis, _target(target, score[good]))
    whole = float((y * y).sum())
    return Projection(names, turned, float((spread**2).sum()) / whole if whole else 1.0, True)


def _directions(y: Float64) -> tuple[Float64, Float64]:
    """The first three principal directions (n, 3) of centred values (R, n), and their spread.

    By the smaller of the two matrices of products. Directions without any spread are 0.
    """
    y = np.pad(y, ((0, max(0, SHOWN - len(y))), (0, 0)))  # fewer points have fewer directions
    rows, columns = y.shape
    values, vectors = np.linalg.eigh(y @ y.T if rows < columns else y.T @ y)
    spread = np.sqrt(np.maximum(values[::-1][:SHOWN], 0))
    first = vectors[:, ::-1][:, :SHOWN]
    with np.errstate(all="ignore"):
        basis = y.T @ first / spread if rows < columns else first
    basis = np.where(spread > 1e-7 * max(float(spread[0]), 1e-300), basis, 0.0)
    return np.asarray(basis), spread


def _target(before: Float64, score: Float64) -> Float64:
    """Coordinates to match, centred: where the third are all alike, the score a little."""
    with np.errstate(all="ignore"):
        target = before - before.mean(axis=0)
        score = np.nan_to_num(score - score.mean(), posinf=0.0, neginf=0.0)
    target /= max(float(np.abs(target).max()), 1e-300)
    flat = np.abs(target).max(axis=0) < _FLAT
    target[:, flat] = _HINT * score[:, None] / max(float(np.abs(score).max()), 1e-300)
    return np.asarray(target)


def _matching(found: Float64, target: Float64) -> Float64:
    """The rotation or reflection (3, 3) of found (R, 3) that comes nearest to target (R, 3)."""
    left, _, right = np.linalg.svd(found.T @ target)
    return np.asarray(left @ right)
