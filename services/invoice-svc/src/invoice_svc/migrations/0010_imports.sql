-- Takeover of history: what was received, what became of each line, and the facts that wait for their day.
-- Not a read model: it is not in the ledger and is not rebuilt from it. What a fact has done is.

create schema imports;

create table imports.import (
  id          text primary key,
  ledger      text not null,
  command_id  uuid not null,
  fingerprint bytea not null,                         -- of the request and the bytes of the file
  actor       text not null,
  entity_id   text not null,
  file_name   text not null,
  format      text not null check (format in ('csv', 'ndjson')),
  sha256      text not null,
  size_bytes  bigint not null,
  options     bytea not null,                         -- JSON: column map, defaults
  generated   boolean not null,
  received_on date not null,                          -- business date of the ledger then
  received_at timestamptz not null default now(),
  state       text not null check (state in ('received', 'reading', 'recording', 'completed', 'failed')),
  problem     text,
  next_offset bigint not null default 0,              -- reading goes on from here
  next_line   int not null default 1,
  unique (ledger, command_id)
);
create index on imports.import (ledger, received_at) where state in ('received', 'reading', 'recording');

create table imports.line (
  import_id   text not null references imports.import,
  line        int not null,
  verdict     text not null check (verdict in ('accepted', 'duplicate', 'rejected')),
  code        text,
  column_name text,
  detail      text,
  primary key (import_id, line)
);
create index on imports.line (import_id, verdict, line);

-- One row a business key, whichever file it came from first. 'standby' is a customer that only other facts' lines
-- described: it is registered when the first of them needs it.
create table imports.fact (
  ledger    text not null,
  entity_id text not null,
  key       text not null,
  seq       bigint generated always as identity,      -- order of the files and their lines
  import_id text not null references imports.import,
  line      int not null,
  on_date   date,                                     -- null: with the first day that is opened
  rank      smallint not null,                        -- order within a day
  party     text,                                     -- customer's code; facts of one customer keep their order
  parent    text,                                     -- key of the fact that knows the customer
  content   bytea not null,                           -- what makes two facts the same
  data      bytea not null,
  state     text not null check (state in ('standby', 'pending', 'done', 'refused')),
  primary key (ledger, entity_id, key)
);
create index on imports.fact (ledger, on_date nulls first, rank, seq) where state = 'pending';
create index on imports.fact (import_id, line);
