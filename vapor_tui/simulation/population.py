"""What differs from run to run: the constants of a realistic run, drawn from its seed.

The distributions follow fits to public fine-tuning runs: initial and last loss are drawn
together (a run that starts high falls further), time scales are lognormal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vapor_tui.simulation.randomness import Stream, run_normals
from vapor_tui.simulation.spec import SimulationSpec

_BLOCKS = 5
_FIRST = 4
"""The normals of block 0 belong to the throughput."""

_INITIAL, _INITIAL_SPREAD, _INITIAL_RANGE = 2.25, 0.575, (0.35, 11.0)
_FALL, _FALL_SPREAD, _FALL_RANGE = 0.65, 0.95, (0.1, 3.6)
_FALL_PER_INITIAL = 0.55
"""Slope of ln(fall in log-loss) against ln(initial loss)."""
_REFERENCE = 0.02
"""The cumulative learning rate by which a run has come down to its drawn last loss."""
_SLOW_SHARE_OF_LAST = 0.85
"""Of the drawn last loss, at most what the slow part of the fall still contributes."""
_TAU, _TAU_SPREAD = 1.5e-3, 0.7
_S0, _S0_SPREAD = 5e-3, 0.8
_B, _B_SPREAD, _B_RANGE = 0.4, 0.06, (0.25, 0.6)
_FAST, _FAST_SPREAD, _FAST_RANGE = 0.75, 0.15, (0.2, 0.97)
_RANK, _RANK_POWER = 16.0, -0.03
_PARAMETERS, _PARAMETERS_POWER = 7e9, -0.05
_FORGETFUL_SHARE = 0.4
"""Of runs, those whose loss hardly drops at an epoch's end."""
_DROP, _DROP_SPREAD, _DROP_MOST = 0.075, 1.0, 0.5
_FORGETFUL_DROP = 0.004
_OVERFITTING = 0.4
_NOISE_SPREAD = 0.45
"""Of ln sd between runs; measured are 0.5, the rest of which is scatter of the measurement."""
_NOISE_DRIFT = 0.35
_SKEW, _SKEW_SPREAD, _SKEW_MOST = -0.03, 0.05, 0.16
_TAIL, _TAIL_MOST = 0.035, 0.12
_GRAD_NORM, _GRAD_NORM_SPREAD = 0.8, 0.6
_GRAD_NORM_START = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class RunLaw:
    """Constants of one realistic run; losses in nats per token, `tau` and `s0` in units of S."""

    initial: float
    final: float
    fast_share: float
    tau: float
    s0: float
    b: float
    epoch_drop: float
    overfitting: float
    noise_factor: float
    noise_drift: float
    skew: float
    tail: float
    grad_norm: float
    grad_norm_start: float

    def ahead(self, s: float) -> float:
        """Return the share of the fall that is still ahead at cumulative learning rate s."""
        slow = math.exp(-self.b * math.log1p(s / self.s0))
        return self.fast_share * math.exp(-s / self.tau) + (1.0 - self.fast_share) * slow

    def fresh_loss(self, s: float) -> float:
        """Return G(s), the loss on examples not seen before."""
        return self.final + (self.initial - self.final) * self.ahead(s)


def draw_law(spec: SimulationSpec) -> RunLaw:
    """Return the constants of a run; the first of them follow from the seed alone."""
    z = run_normals(spec.seed, Stream.RUN, _BLOCKS)[_FIRST:]
    initial = _within(_INITIAL * math.exp(_INITIAL_SPREAD * z[0]), _INITIAL_RANGE)
    steepness = math.log(initial / _INITIAL)
    fall = _FALL * math.exp(_FALL_PER_INITIAL * steepness + _FALL_SPREAD * z[1])
    last = initial * math.exp(-_within(fall, _FALL_RANGE))
    tau = _TAU * math.exp(_TAU_SPREAD * z[2])
    s0 = _S0 * math.exp(_S0_SPREAD * z[3])
    b = _within(_B + _B_SPREAD * z[4], _B_RANGE)
    slow = (1.0 + _REFERENCE / s0) ** -b
    most = _SLOW_SHARE_OF_LAST * last / (initial * slow)
    fast = max(_within(_FAST + _FAST_SPREAD * z[5], _FAST_RANGE), 1.0 - most)
    left = fast * math.exp(-_REFERENCE / tau) + (1.0 - fast) * slow
    final = max((last - initial * left) / (1.0 - left), 0.05 * last)
    final *= (spec.hyperparameters.lora_rank / _RANK) ** _RANK_POWER
    final *= ((spec.model_parameters or _PARAMETERS) / _PARAMETERS) ** _PARAMETERS_POWER
    forgetful = _share(z[6]) < _FORGETFUL_SHARE
    drop = (_FORGETFUL_DROP if forgetful else _DROP) * math.exp(_DROP_SPREAD * z[7])
    low, high = _GRAD_NORM_START
    return RunLaw(
        initial=initial,
        final=min(final, 0.98 * initial),
        fast_share=fast,
        tau=tau,
        s0=s0,
        b=b,
        epoch_drop=min(drop, _DROP_MOST),
        overfitting=_OVERFITTING * _share(z[8]),
        noise_factor=math.exp(_NOISE_SPREAD * z[9]),
        noise_drift=_NOISE_DRIFT * z[10],
        skew=_within(_SKEW + _SKEW_SPREAD * z[11], (-_SKEW_MOST, _SKEW_MOST)),
        tail=min(_TAIL * abs(z[12]), _TAIL_MOST),
        grad_norm=_GRAD_NORM * math.exp(_GRAD_NORM_SPREAD * z[13]),
        grad_norm_start=low + (high - low) * _share(z[14]),
    )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


def _share(z: float) -> float:
    """Return the standard normal distribution function: a uniform number from a normal one."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
