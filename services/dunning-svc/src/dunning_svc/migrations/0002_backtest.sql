-- Back-tests: requests, progress and results. Derived: the same request at the same position yields the same result.
create schema if not exists encours_backtests;

create table if not exists encours_backtests.backtest (
  id           text primary key,
  ledger       text not null,
  policy_id    text not null,
  version      int not null,
  first_on     date not null,
  last_on      date not null,
  position     bigint not null,          -- events up to it are read
  costs        bytea not null,           -- JSON: cents by channel
  fingerprint  bytea not null,           -- of the request
  asked_by     text not null,
  asked_on     date not null,            -- business date of the ledger
  asked_at     timestamptz not null default now(),
  state        text not null check (state in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  problem      text,
  starts       int not null default 0,   -- how often a process has begun it
  customers    int not null default 0,
  customers_done int not null default 0,
  completed_at timestamptz,
  result       bytea                     -- JSON: totals, hash, what was measured
);
create index if not exists backtest_listed on encours_backtests.backtest (ledger, asked_at, id);
create index if not exists backtest_waiting on encours_backtests.backtest (asked_at) where state in ('queued', 'running');

create table if not exists encours_backtests.line (
  backtest_id text not null references encours_backtests.backtest on delete cascade,
  line        bigint not null,
  day         date not null,
  customer_id text not null,
  entity_id   text not null,
  currency    text not null,
  policy_id   text not null,
  policy_version int not null,
  channel     text not null,
  step        text not null,
  amount_minor bigint not null,
  invoices    int not null,
  primary key (backtest_id, line)
);

create table if not exists encours_backtests.customer (
  backtest_id text not null references encours_backtests.backtest on delete cascade,
  customer_id text not null,
  messages    int not null,
  first_on    date,
  real_messages int not null,
  real_first_on date,
  primary key (backtest_id, customer_id)
);
