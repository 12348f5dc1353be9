"""How our pages name what an event says in codes."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from trackadmin.codes import EventCode
from trackadmin.outbox.standings import Stage
from trackadmin.runtime.values import OPEN, SERVER, SIGNED

Words = str | Promise

#: How far a sender is trusted, in a word, and what that means.
TRUST_LABELS = {
    SERVER: pgettext_lazy("sender of an event", "server"),
    SIGNED: pgettext_lazy("sender of an event", "signed"),
    OPEN: pgettext_lazy("sender of an event", "open"),
}
TRUST_SENTENCES = {
    SERVER: gettext_lazy("The site’s own code sent it."),
    SIGNED: gettext_lazy("It came by a URL that the site has signed."),
    OPEN: gettext_lazy("It came by a URL that anybody can write."),
}
#: What is wrong with an event, in two words; the name stands beside it.
FINDING_LABELS: dict[str, Words] = {
    EventCode.ACTION_UNKNOWN: gettext_lazy("unknown action"),
    EventCode.ACTION_NOT_LIVE: gettext_lazy("planned action"),
    EventCode.ACTION_MISSING_MODEL: gettext_lazy("missing object"),
    EventCode.ACTION_MISSING_PARAMETER: gettext_lazy("missing parameter"),
    EventCode.ACTION_UNEXPECTED_MODEL: gettext_lazy("unexpected object"),
    EventCode.PARAMETER_WRONG_KIND: gettext_lazy("wrong kind of value"),
    EventCode.PARAMETER_UNDECLARED: gettext_lazy("undeclared parameter"),
    EventCode.PARAMETER_RESERVED: gettext_lazy("reserved name"),
    EventCode.NAME_DEPRECATED: gettext_lazy("deprecated name"),
}
#: Where a delivery stands, in a few words.
STAGE_LABELS = {
    Stage.NOT_WANTED: gettext_lazy("not wanted"),
    Stage.AT_ONCE: gettext_lazy("given at once"),
    Stage.STORED: gettext_lazy("in the table"),
    Stage.WAITING: gettext_lazy("waits for a worker"),
    Stage.QUEUED: gettext_lazy("in the queue"),
    Stage.FAILED: gettext_lazy("failed, will be tried again"),
    Stage.DEAD: gettext_lazy("dead letter"),
    Stage.DISCARDED: gettext_lazy("discarded"),
    Stage.DONE: gettext_lazy("delivered"),
}
#: Of these nobody needs to know at a glance.
CALM_STAGES = {Stage.NOT_WANTED, Stage.AT_ONCE, Stage.STORED, Stage.DONE}
