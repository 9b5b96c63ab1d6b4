-- Webhooks: subscriptions, and a row for each event that one of them is to get. Bodies are read from the ledger.
create schema if not exists encours_webhooks;

create table if not exists encours_webhooks.webhook (
  id                  text primary key,
  ledger              text not null,
  url                 text not null,
  description         text,
  types               text[] not null,         -- patterns as they were given; none for all
  entities            text[],                  -- null for all
  key_id              text not null,           -- its grant is looked up again for each delivery
  created_by          text not null,
  created_at          timestamptz not null,
  secret              text not null,
  secret_before       text,                    -- signs too until then
  secret_before_until timestamptz,
  state               text not null check (state in ('active', 'disabled')),
  problem             text,
  epoch               bigint not null,
  position            bigint not null,         -- events up to it have a delivery, or are not wanted
  version             bigint not null default 1 -- counts changes by callers
);
create index if not exists webhook_of_ledger on encours_webhooks.webhook (ledger, created_at, id);

create table if not exists encours_webhooks.delivery (
  webhook_id text not null references encours_webhooks.webhook on delete cascade,
  position   bigint not null,
  stream     text not null,
  type       text not null,
  event_id   uuid not null,
  state      text not null check (state in ('pending', 'delivered', 'dead')),
  tries      int not null default 0,
  first_at   timestamptz,                      -- of the first attempt, from which three days are counted
  next_at    timestamptz not null,
  ended_at   timestamptz,
  status     int,                              -- of the last answer
  detail     text,
  primary key (webhook_id, position)
);
create index if not exists delivery_pending on encours_webhooks.delivery (webhook_id, stream, position)
  where state = 'pending';
create index if not exists delivery_dead on encours_webhooks.delivery (webhook_id, position) where state = 'dead';
create index if not exists delivery_ended on encours_webhooks.delivery (ended_at) where state = 'delivered';

create table if not exists encours_webhooks.command (
  ledger      text not null,
  command_id  uuid not null,
  fingerprint bytea not null,
  answer      bytea not null,
  at          timestamptz not null default now(),
  primary key (ledger, command_id)
);
create index if not exists command_at on encours_webhooks.command (at);
