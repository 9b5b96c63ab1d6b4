-- Back-tests of limit policies: requests, progress, results. Derived: the same request at the same position yields the same.
create schema if not exists encours_limit_backtests;

create table if not exists encours_limit_backtests.backtest (
  id           text primary key,
  ledger       text not null,
  policy       bytea not null,           -- JSON: the policy that is tried
  name         text,
  first_on     date not null,
  last_on      date not null,
  position     bigint not null,          -- events up to it are read
  fingerprint  bytea not null,           -- of the request
  asked_by     text not null,
  asked_on     date not null,            -- business date of the ledger: the day of the outcomes
  asked_at     timestamptz not null default now(),
  state        text not null check (state in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  problem      text,
  starts       int not null default 0,   -- how often a process has begun it
  events       bigint not null default 0,
  events_done  bigint not null default 0,
  completed_at timestamptz,
  result       bytea                     -- JSON: effects, hash, what was measured
);
create index if not exists backtest_listed on encours_limit_backtests.backtest (ledger, asked_at, id);
create index if not exists backtest_waiting on encours_limit_backtests.backtest (asked_at)
  where state in ('queued', 'running');

create table if not exists encours_limit_backtests.past_order (
  backtest_id     text not null references encours_limit_backtests.backtest on delete cascade,
  order_id        text not null,
  kind            text not null,
  customer_id     text not null,
  entity_id       text not null,
  currency        text not null,
  day             date not null,
  amount_minor    bigint not null,
  accepted        boolean not null,
  decision        text not null,
  reasons         text[] not null,
  limit_minor     bigint,
  limit_currency  text not null,
  grade           text,
  present         text not null,
  present_reasons text[] not null,
  outcome         text not null,
  days_late       int not null,
  open_minor      bigint not null,
  written_off_minor bigint not null,
  provisioned_minor bigint not null,
  vat_minor       bigint not null,
  insured_minor   bigint not null,
  guaranteed_minor bigint not null,
  loss_minor      bigint not null,
  primary key (backtest_id, order_id)
);
create index if not exists past_order_of_customer on encours_limit_backtests.past_order (backtest_id, customer_id);

create table if not exists encours_limit_backtests.customer (
  backtest_id text not null references encours_limit_backtests.backtest on delete cascade,
  customer_id text not null,
  currency    text not null,
  refused     int not null,
  losses_avoided_minor bigint not null,
  good_blocked_minor   bigint not null,
  effect      bytea not null,            -- JSON: effects of both policies
  primary key (backtest_id, customer_id, currency)
);
