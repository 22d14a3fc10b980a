"""Settings of a method, chosen on replayed products by which it isn't judged."""

from __future__ import annotations

import time

from recsys_core.adaptation.method import Method
from recsys_core.adaptation.tasks import tasks
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

MIN_TRIALS = 4
"""A search for which there is time for fewer isn't begun."""
MAX_TRIALS = 20


def tuned(method: Method, source: SourceModel, seconds: float, time_left: float, run: RunContext) -> Method:
    """The method with the settings that do best on `source.validating()`, or as it is: where it names nothing to search
    (`Method.suggest`), or where trials of that many seconds each don't fit into the time left.

    Tree-structured Parzen estimator of Optuna; the usual settings are the first trial.
    """
    trials = min(MAX_TRIALS, int(time_left / max(seconds, 1e-3)))
    if trials < MIN_TRIALS or type(method).suggest is Method.suggest:
        return method
    replayed = tasks(source, source.validating())
    if replayed is None:
        return method
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    quiet = RunContext(run.device, run.seed, stop_asked=run.stop_asked)
    shots = max(replayed.new)
    ends = time.monotonic() + time_left
    kept: list[tuple[float, Method]] = []

    def value(trial: optuna.Trial) -> float:
        run.progress("Trying settings", len(kept), trials)
        one = type(method)(method.settings_type(**method.suggest(trial)))
        one.fit(source, run=quiet)
        adapter = one.place(replayed.scorer, replayed.new[shots], run=quiet)[0]
        merit = float(replayed.ndcg(adapter.side(replayed.scorer, replayed.new[shots]), shots).mean())
        kept.append((merit, one))
        if time.monotonic() > ends:
            trial.study.stop()
        return merit

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=run.seed))
    study.enqueue_trial(method.settings.model_dump(mode="json"))
    study.optimize(value, n_trials=trials)
    return max(kept, key=lambda pair: pair[0])[1]
