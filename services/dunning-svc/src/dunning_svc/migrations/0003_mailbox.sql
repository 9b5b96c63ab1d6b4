-- The mailbox that is expected to be read, and when it was last read; at first, since when it is to be read.
create table if not exists encours_effects.mailbox (
  name    text primary key,
  read_at timestamptz not null default now()
);
