-- Checks of our open items against those of the system beside us. Not a read model: the lists come from outside.

create schema sync;

create table sync.check (
  id           text primary key,
  ledger       text not null,
  fingerprint  bytea not null,                        -- of the request and its list
  entity_id    text not null,
  made_on      date not null,                         -- day of the comparison
  position     bigint not null,                       -- of the ledger
  made_at      timestamptz not null default now(),
  actor        text not null,
  lines        bigint not null,
  sha256       text not null,                         -- of the list
  totals       jsonb not null,                        -- by currency: theirs, ours
  counts       jsonb not null                         -- differences by cause
);
create index on sync.check (ledger, made_at, id);

create table sync.difference (
  id                bigint generated always as identity primary key,
  check_id          text not null references sync.check on delete cascade,
  number_key        text not null,
  n                 bigint not null,                  -- line of the list; 0 if it has none for the invoice
  cause             text not null,
  number            text not null,
  their_number      text,                             -- where it is written in another way
  invoice_id        text,
  customer_id       text,
  currency          text not null,
  their_currency    text,
  theirs_minor      bigint,                           -- null: not in the list
  ours_minor        bigint,                           -- null: not known here
  their_total_minor bigint,
  our_total_minor   bigint,
  their_due_on      date,
  our_due_on        date,
  since_kind        text,                             -- cause late: the first entry that they do not have
  since_on          date
);
create index on sync.difference (check_id, cause, number_key, id);

-- Lines of a list while it is compared; gone afterwards, and after a crash.
create unlogged table sync.line (
  check_id      text not null,
  n             bigint not null,
  number        text not null,
  number_key    text not null,
  digits_key    text,
  currency      text not null,
  open_minor    bigint not null,
  total_minor   bigint,
  due_on        date,
  cancelled     boolean not null
);
create index on sync.line (check_id);
