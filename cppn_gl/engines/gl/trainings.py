"""Trainings side by side by OpenGL 4.3: the losses' sums of nn/training/many.py, on the device.

    DenseTrainer, Variants, steps -> Trainings.sums() -> sums over the steps of v and 1 / v

v is a loss divided by the first one, at most `largest`, and so if there is none. The order of
operations is that of the native library, but a driver's fused multiply-adds and divisions may
differ in the last bit, and where training is chaotic so does its end.
"""

import time
from typing import Any

import numpy as np

from cppn_gl.engines.gl.shader import Source, compose
from cppn_gl.engines.gl.tiled_programs import Kernel
from cppn_gl.nn.training import batches
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.many import Variants
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps

GROUP = 64  # trainings of a workgroup
SECONDS = 0.008  # of a dispatch
MOST_UNITS, MOST_BATCH = 128, 127  # of an invocation's memory; larger batches are added in groups
TALLIES = 8  # numbers of a training in trainability.glsl
PROGRAMS = 16
OPTIMIZERS = ("sgd", "momentum", "nesterov")
LOSSES = ("cross-entropy", "squared", "hinge", "absolute")
_NEEDED = {"GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS": 7}


def available(ctx: Any) -> bool:
    """Whether a context has what the shader needs."""
    info: dict[str, Any] = ctx.info
    return ctx.version_code >= 430 and all(int(info.get(k, n)) >= n for k, n in _NEEDED.items())


def problem_of(trainer: DenseTrainer) -> str:
    """Why the shader cannot do these trainings, in words; "" if it can."""
    train, problem = trainer.train, trainer.problem
    units = trainer.inputs.shape[1] + sum(rows for rows, _ in problem.shapes)
    for wrong, words in (
        (problem.optimizer not in OPTIMIZERS, f"the optimizer {problem.optimizer}"),
        (problem.l1 or problem.l2, "regularisation"),
        (train.changes or train.schedule != "constant", "rates that change"),
        (train.batch > MOST_BATCH, f"batches of more than {MOST_BATCH} points"),
        (units > MOST_UNITS, f"more than {MOST_UNITS} units"),
    ):
        if wrong:
            return words
    return ""


def source_of(trainer: DenseTrainer, largest: float, folder: Any = None) -> Source:
    """The program of a problem."""
    problem, inputs = trainer.problem, trainer.inputs.shape[1]
    rows = [shape[0] for shape in problem.shapes]
    columns = [shape[1] for shape in problem.shapes]
    sizes = [(c + 1) * r for r, c in problem.shapes]
    first = [sum(sizes[:k]) for k in range(len(sizes))]
    unit = [inputs + sum(rows[:k]) for k in range(len(rows))]
    lines = [
        "#define REAL float",
        "#define PRECISE precise",
        f"#define LAYERS {len(rows)}",
        f"#define INPUTS {inputs}",
        f"#define OUTPUTS {rows[-1]}",
        f"#define UNITS {inputs + sum(rows)}",
        f"#define BATCH {trainer.train.batch}",
        f"#define LOSS {LOSSES.index(problem.loss)}",
        f"#define OPTIMIZER {OPTIMIZERS.index(problem.optimizer)}",
        f"#define BIASES {int(problem.biases)}",
        f"#define LARGEST {largest:.1f}",
    ]
    for name, values in (("ROWS", rows), ("COLUMNS", columns), ("FIRST", first), ("UNIT", unit)):
        listed = ", ".join(map(str, values))
        lines.append(f"const int {name}[LAYERS] = int[LAYERS]({listed});")
    names = list(dict.fromkeys(problem.activations))
    lines += [
        f"float activation_{name}(float x); float derivative_{name}(float x);" for name in names
    ]
    for function, call in (("activated", "activation_{0}(z)"), ("derived", "{1}")):
        arguments = "int layer, float z" + (", float y" if function == "derived" else "")
        choices = []
        for layer, name in enumerate(problem.activations):
            slope = "fma(-y, y, 1.0)" if name == "tanh" else f"derivative_{name}(z)"
            last = layer == len(rows) - 1
            test = "" if last else f"if (layer == {layer}) "
            choices.append(f"{test}return {call.format(name, slope)};")
        lines.append(f"float {function}({arguments}) {{ {' '.join(choices)} }}")
    return compose("trainability.comp", "\n".join(lines), 430, folder)


class Trainings:
    """The programs of one context, whose thread runs them: painter.shared(Trainings)."""

    def __init__(self, painter: Any):
        self._ctx, self._folder = painter.ctx, painter.programs.folder
        self._programs: LRUCache[str, Kernel] = LRUCache(
            PROGRAMS, free=lambda kernel: kernel.program.release()
        )

    def release(self) -> None:
        """Free the programs."""
        self._programs.clear()

    def sums(
        self, trainer: DenseTrainer, variants: Variants, steps: int, last: int, largest: float
    ) -> Steps[tuple[Float64, Float64, Float64]]:
        """Sums of v, of 1 / v, and of the last v, of `last` steps, (n,) each.

        Raises ValueError where `problem_of` says why, ShaderError.
        """
        if why := problem_of(trainer):
            raise ValueError(why)
        source = source_of(trainer, largest, self._folder)
        program = self._programs.get(source.text, lambda: Kernel(self._ctx, source))
        count, size = variants.count, trainer.problem.parameters
        rates = variants.rates.astype(np.float32).astype(np.float64) * variants.layer_rates
        given = np.concatenate([rates, variants.momentum[None]]).astype(np.float32)
        points = np.concatenate([trainer.inputs, trainer.targets], axis=1)
        train, moments = trainer.train, trainer.problem.moments
        chosen = batches.samples(train.seed, trainer.dataset.training, train.batch, 0, steps)
        arrays = (
            np.ascontiguousarray(variants.starts, np.float32),
            4 * size * count,
            np.zeros((moments * size * count) or 4, np.float32),
            given,
            np.zeros(TALLIES * count, np.float32),
            np.ascontiguousarray(points, np.float32),
            chosen.astype(np.int32),
        )
        buffers = [
            self._ctx.buffer(reserve=one) if isinstance(one, int) else self._ctx.buffer(one)
            for one in arrays
        ]
        try:
            done, some = 0, 1
            while done < steps:
                started = time.perf_counter()
                for number, buffer in enumerate(buffers):
                    buffer.bind_to_storage_buffer(number)
                some = min(some, steps - done)
                uniforms = {"count": count, "first": done, "steps": some, "from": steps - last}
                program.run((-(-count // GROUP),), **uniforms)
                self._ctx.finish()
                done += some
                seconds = time.perf_counter() - started
                if seconds < SECONDS / 2:
                    some *= 2
                elif seconds > SECONDS:
                    some = max(1, some // 2)
                yield done / steps
            found = np.frombuffer(buffers[4].read(), np.float32).reshape(TALLIES, count)
        finally:
            for buffer in buffers:
                buffer.release()
        high, lost = (found[k:6:2].astype(np.float64) for k in (0, 1))
        total, inverse, ending = high - lost
        return total, inverse, ending
