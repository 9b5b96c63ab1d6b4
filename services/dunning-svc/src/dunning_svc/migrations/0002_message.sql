-- Incoming messages, stored before they are read. The ledger has their SHA-256 and the sentences that count.
create schema if not exists encours_effects;

create table if not exists encours_effects.message (
  ledger      text not null,
  reply_id    text not null,
  message_id  text,
  sha256      text not null,
  content     bytea not null,
  source      text not null check (source in ('upload', 'listener', 'mailbox')),
  recipients  text[] not null,        -- of the envelope, where it is known
  received_at timestamptz not null default now(),
  tries       int not null default 0,
  next_try_at timestamptz not null default now(),
  read_at     timestamptz,            -- its event is in the ledger
  problem     text,                   -- reason why the last try to read it did not succeed
  primary key (ledger, reply_id)
);
create index if not exists message_unread on encours_effects.message (next_try_at) where read_at is null;
