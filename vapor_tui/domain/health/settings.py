"""What a person may set about the watch over a run's health."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class HealthSettings(BaseModel):
    """Which findings there are, and when; the defaults raise no alarm on ordinary runs.

    A `sigma` is the run's own noise: the standard deviation of the logarithm of the loss from
    one logged point to the next.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    enabled: bool = True
    """Watch at all; without it nothing below matters."""
    nan: bool = True
    """Tell when the loss is not a finite number."""
    divergence: bool = True
    """Tell when the loss leaves its band upwards: a spike, or a rise that lasts."""
    divergence_sigmas: float = Field(default=6.0, ge=3.0, le=50.0, strict=False)
    """Sigmas by which two points in a row must be above the band."""
    divergence_rise: float = Field(default=0.1, ge=0.01, le=10.0, strict=False)
    """Least rise of the loss, as a share of it, whatever the noise."""
    lasting_points: int = Field(default=20, ge=3, le=10_000)
    """Logged points after which a spike that does not come down is a lasting rise."""
    plateau: bool = True
    """Tell when the loss has stopped falling while the learning rate is still high."""
    plateau_gain: float = Field(default=0.003, gt=0.0, lt=1.0, strict=False)
    """A fall by less than this share, while training twice as far, is none."""
    eval_rising: bool = True
    """Tell when eval_loss rises while the training loss falls."""
    eval_rise: float = Field(default=0.02, gt=0.0, le=10.0, strict=False)
    """Share by which the latest two evaluations must be above the best."""
    stalled: bool = True
    """Tell when no step comes for far longer than usual."""
    stalled_factor: float = Field(default=10.0, ge=2.0, le=1_000.0, strict=False)
    """Times the usual wait between two points."""
    stalled_seconds: float = Field(default=60.0, ge=1.0, le=86_400.0, strict=False)
    """Least wait; of a simulated job on its own clock."""
    slow: bool = True
    """Tell when throughput drops."""
    slow_share: float = Field(default=0.6, gt=0.0, lt=1.0, strict=False)
    """Of its usual throughput, what a run falls below."""
