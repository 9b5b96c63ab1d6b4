-- One row per message, by the id of what it is for (a reminder, a digest, a report), written before the message is sent. So after a crash one that has a row and no outcome
-- in the ledger is unconfirmed, not new.
create schema if not exists encours_effects;

create table if not exists encours_effects.attempt (
  ledger      text not null,
  reminder_id text not null,
  message_id  text not null,
  state       text not null check (state in ('handing', 'deferred', 'answered')),
  owner       uuid not null,          -- the process: another one's 'handing' is a crash
  tries       int not null default 1,
  next_try_at timestamptz,            -- of a deferred one
  outcome     text,                   -- of an answered one whose event could not be appended yet: its payload
  outcome_type text,
  first_at    timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (ledger, reminder_id)
);
