-- Cash forecasts that were made, and those that are asked for. Derived: the same question at the same position has the same answer.
create schema if not exists encours_forecasts;

create table if not exists encours_forecasts.forecast (
  id           text primary key,
  ledger       text not null,
  first_on     date not null,            -- the day of the forecast
  last_on      date not null,
  position     bigint not null,          -- events up to it are read
  asked        bytea not null,           -- JSON: scope, grant, length of the periods
  fingerprint  bytea not null,           -- of the question without its position, and of the model
  asked_by     text not null,
  asked_at     timestamptz not null default now(),
  state        text not null check (state in ('queued', 'running', 'completed', 'failed')),
  problem      text,
  starts       int not null default 0,   -- how often a process has begun it
  completed_at timestamptz,
  result       bytea                     -- JSON
);
create index if not exists forecast_made on encours_forecasts.forecast (ledger, fingerprint, position);
create index if not exists forecast_listed on encours_forecasts.forecast (ledger, asked_at, id);
create index if not exists forecast_waiting on encours_forecasts.forecast (asked_at) where state in ('queued', 'running');
