"""The worker's tasks beside its read model: the run of each day, and the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from dunning_svc.backtest.store import BacktestStore
from dunning_svc.inbox.listener import Listener, tls_context
from dunning_svc.inbox.mailbox import Mailbox, MailboxReader
from dunning_svc.inbox.messages import Messages
from dunning_svc.inbox.reading import MailInbox
from dunning_svc.models import MODELS, NAME
from dunning_svc.outbox.carriers import Carriers
from dunning_svc.outbox.digests import DigestDispatcher
from dunning_svc.outbox.dispatch import Dispatcher
from dunning_svc.outbox.gateway import Gateway
from dunning_svc.outbox.service import Outbox
from dunning_svc.outbox.settings import DunningSettings
from dunning_svc.outbox.thanks import ThanksDispatcher
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.runs import RunDay
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.sandboxes import purge_dropped
from encours.mail.attempts import Attempts
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.reading.read_db import ReadDb
from encours.service.long_work import LongWorkRunner
from encours.service.process import WorkerTasks
from encours.service.worker import Background

OUTBOX_CONNECTIONS = 4


@asynccontextmanager
async def days_and_outbox(settings: DunningSettings, ledger: Ledger) -> AsyncIterator[WorkerTasks]:
    """Open the reaction to each day's opening, and the outbox that dispatches its reminders."""
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        db = await ReadDb.open(store_url, ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)
        pool = await open_pool(store_url, f"{NAME} outbox", size=OUTBOX_CONNECTIONS, settings=STORE_SETTINGS)
        stack.push_async_callback(close_pool, pool)
        attempts = Attempts(pool, uuid7())
        carriers = Carriers(
            settings.mailer(),
            settings.senders,
            settings.var_dir / "letters",
            _gateway(settings),
            settings.answer_links,
        )
        dispatcher = Dispatcher(ledger, db, attempts, carriers)
        mailbox = _mailbox(settings)
        inbox = MailInbox(
            ledger,
            db,
            Messages(pool),
            settings.reading_rules,
            settings.reply_ledger,
            None if mailbox is None else mailbox.name,
        )
        leases = Leases(store_url, f"{NAME} outbox lease")
        testing = Leases(store_url, f"{NAME} back-test lease")
        stack.push_async_callback(testing.close)
        backtests = LongWorkRunner(
            BacktestStore(pool), testing, "dunning back-tests", "dunning_svc", "backtest"
        )
        notices = (
            ThanksDispatcher(ledger, db, attempts, carriers),
            DigestDispatcher(ledger, db, attempts, carriers, "email"),
            DigestDispatcher(ledger, db, attempts, carriers, "webhook"),
        )
        outbox = Outbox(ledger, db, leases, dispatcher, notices)
        stack.push_async_callback(outbox.close)
        yield WorkerTasks(
            reactors={MODEL: RunDay(ledger, db, outbox)},
            background=(
                outbox.run,
                leases.watch,
                backtests.run,
                testing.watch,
                inbox.run,
                partial(purge_dropped, ledger),
                *_readers(settings, inbox, mailbox),
            ),
        )


def _gateway(settings: DunningSettings) -> Gateway | None:
    """Return the client of the configured gateway."""
    if settings.gateway_secret is None or not settings.gateway_url:
        return None
    secret = settings.gateway_secret.get_secret_value()
    return Gateway(settings.gateway_url, secret, sandbox_host=settings.sandbox_mail_host)


def _mailbox(settings: DunningSettings) -> Mailbox | None:
    """Return the mailbox that is read, if one is configured."""
    url = settings.reply_mailbox_url
    return None if url is None else Mailbox.of(url.get_secret_value())


def _readers(settings: DunningSettings, inbox: MailInbox, mailbox: Mailbox | None) -> list[Background]:
    """Return the configured ways by which mail arrives, besides the API."""
    readers: list[Background] = []
    if settings.reply_listen:
        certificate = settings.reply_tls_certificate
        tls = None if certificate is None else tls_context(certificate, settings.reply_tls_key)
        readers.append(Listener(inbox, settings.reply_listen, tls).run)
    if mailbox is not None:
        readers.append(MailboxReader(inbox, mailbox, settings.reply_mailbox_poll_s).run)
    return readers
