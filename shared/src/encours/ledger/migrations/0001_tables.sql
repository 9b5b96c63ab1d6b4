-- The ledger: one append-only table of events, the record of the commands that made them, and the few rows
-- (number series, ledgers, keys) that the append function and the services read beside them.

create schema ledger;

create table ledger.ledgers (
  id           smallint generated always as identity primary key,
  name         text not null unique check (name ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
  epoch        bigint not null,                       -- another one after every restore or load
  kind         text not null check (kind in ('live', 'sandbox')),
  time_zone    text not null,
  clock_at     timestamptz,                           -- the test clock; null while a sandbox runs on wall time
  effects_from bigint not null default 0,             -- positions up to here never cause an effect (loaded history)
  created_at   timestamptz not null default clock_timestamp(),
  check (clock_at is null or kind = 'sandbox')
);

-- Fixed-width columns first: 12 bytes a row less padding than in reading order.
create table ledger.event (
  position       bigint not null,
  recorded_at    timestamptz not null,
  version        int not null,                        -- from 1; judged by append(), a CHECK is parsed anew per batch
  effective_on   date not null,
  ledger         smallint not null,
  schema_version smallint not null,
  event_id       uuid not null,
  command_id     uuid not null,
  stream         text not null,
  type           text not null,
  entity         text not null,
  actor          text not null,
  reason         text,
  correlation_id uuid,
  causation_id   uuid,
  traceparent    text,
  data           bytea not null,                      -- canonical JSON (RFC 8785), the bytes that are hashed
  primary key (ledger, position) with (fillfactor = 100),
  -- Streams are asked for with "ledger + 0 = …", which only this index can answer: a plan made while the table is small would
  -- else take the primary key as well, and read the whole ledger for every probe later.
  unique (stream, version, ledger)
);

create table ledger.command (
  ledger         smallint not null,
  command_id     uuid not null,
  fingerprint    bytea not null,
  first_position bigint not null,                     -- no events: first_position = last_position + 1
  last_position  bigint not null,
  answer         bytea not null,
  primary key (ledger, command_id)
);

create table ledger.series (
  ledger         smallint not null references ledger.ledgers,
  entity         text not null,
  code           text not null,
  year           int not null,
  last_number    bigint not null,
  last_issued_on date not null,
  primary key (ledger, entity, code, year)
) with (fillfactor = 50);                             -- updated in place by every issue: room for HOT updates

create table ledger.type_family (
  role   name not null,
  family text not null,                               -- first part of the type; '*' is every family
  primary key (role, family)
);

create table ledger.api_key (
  id             text primary key,
  sha256         bytea not null unique,
  label          text not null,
  scopes         text[] not null,
  entities       text[] not null,                     -- empty: every entity of every ledger
  default_ledger text,
  created_at     timestamptz not null default clock_timestamp(),
  expires_at     timestamptz,
  revoked_at     timestamptz
);

-- Append-only is a property of the table, not of who asks: ENABLE ALWAYS fires for the owner, for a superuser and under
-- session_replication_role = replica alike.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on ledger.% refused: the ledger is append-only; a correction is a new event', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;

create trigger append_only before update or delete or truncate on ledger.event
  for each statement execute function ledger.refuse_change();
alter table ledger.event enable always trigger append_only;

create trigger append_only before update or delete or truncate on ledger.command
  for each statement execute function ledger.refuse_change();
alter table ledger.command enable always trigger append_only;

-- For people: the same rows with their payload as jsonb.
create view ledger.event_readable with (security_invoker = true) as
select l.name as ledger_name, e.position, e.stream, e.version, e.type, e.schema_version, e.entity, e.effective_on,
       e.recorded_at, e.actor, e.reason, e.correlation_id, e.causation_id, e.traceparent, e.event_id, e.command_id,
       convert_from(e.data, 'UTF8')::jsonb as data
  from ledger.event e join ledger.ledgers l on l.id = e.ledger;
