"""Initial state and fold of each kind of stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dunning_svc.domain.alert.state import ALERT, ALERT_DIGEST, ALERT_RULE
from dunning_svc.domain.collector.state import COLLECTOR
from dunning_svc.domain.experiment.state import ASSIGNMENT, EXPERIMENT
from dunning_svc.domain.hold.state import HOLD
from dunning_svc.domain.placement.state import PLACEMENT
from dunning_svc.domain.policy.state import POLICY
from dunning_svc.domain.promise.state import PROMISE
from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.domain.reply.state import REPLY
from dunning_svc.domain.task.state import TASK
from dunning_svc.domain.template.state import TEMPLATE
from dunning_svc.domain.thanks.state import THANKS
from dunning_svc.domain.title.state import TITLE
from encours.ledger.states import Folder

FOLDERS: Mapping[str, Folder[Any]] = {
    "alg": ALERT_DIGEST,
    "alr": ALERT_RULE,
    "alt": ALERT,
    "col": COLLECTOR,
    "exa": ASSIGNMENT,
    "exp": EXPERIMENT,
    "hld": HOLD,
    "plc": PLACEMENT,
    "pol": POLICY,
    "prm": PROMISE,
    "rem": REMINDER,
    "rpl": REPLY,
    "thk": THANKS,
    "tpl": TEMPLATE,
    "tsk": TASK,
    "ttl": TITLE,
}
"""Folders by prefix of the stream's id, for a replay of any stream."""
