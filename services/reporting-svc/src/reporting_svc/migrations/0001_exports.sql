-- Exports: requests, progress and files. Derived: the same request at the same position yields the same bytes.
create schema if not exists encours_exports;

create table if not exists encours_exports.export (
  id           text primary key,
  ledger       text not null,
  entity_id    text not null,
  kind         text not null,
  layout       text not null,
  first_on     date not null,
  last_on      date not null,
  position     bigint not null,          -- events up to it are read
  accounts     bytea not null,           -- JSON: numbers by purpose that replace those of the chart
  report       bytea,                    -- JSON: bands, filters and group of a report
  fingerprint  bytea not null,           -- of the request
  asked_by     text not null,
  asked_at     timestamptz not null default now(),
  state        text not null check (state in ('queued', 'running', 'completed', 'failed')),
  problem      text,
  starts       int not null default 0,   -- how often a process has begun it
  done         bytea not null,           -- JSON: the place from which a new process goes on
  completed_at timestamptz,
  manifest     bytea                     -- JSON: range, positions, hashes, counts
);
do $$ begin                              -- of earlier releases; without a lock where it is there
  if not exists (select from pg_attribute where attrelid = 'encours_exports.export'::regclass and attname = 'report') then
    alter table encours_exports.export add column report bytea;
  end if;
end $$;
create index if not exists export_listed on encours_exports.export (ledger, asked_at, id);
create index if not exists export_waiting on encours_exports.export (asked_at) where state in ('queued', 'running');

create table if not exists encours_exports.part (
  export_id text not null references encours_exports.export on delete cascade,
  part      int not null,
  content   bytea storage external not null, -- zlib
  primary key (export_id, part)
);

create table if not exists encours_exports.table_part ( -- rows from which a workbook or a Parquet file is made
  export_id text not null references encours_exports.export on delete cascade,
  part      int not null,
  content   bytea storage external not null, -- zlib
  primary key (export_id, part)
);
