-- Advancing a sandbox's test clock: one job a ledger, worked off by the worker, gone on with after any stop.

create schema clock;

create table clock.job (
  ledger     text primary key,
  target     date not null,
  state      text not null check (state in ('advancing', 'waiting', 'idle', 'failed')),
  day        date,                                    -- the day that is being worked on, or was last
  error      text,
  facts_fed  bigint not null default 0,
  updated_at timestamptz not null default now()
);
