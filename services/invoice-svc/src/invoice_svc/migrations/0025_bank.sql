-- Up to which position the lines of bank statements were judged: not in the ledger, as a judgement that finds nothing
-- leaves no event. Without a row all lines are judged, and those that were are not judged twice.

create schema bank;

create table bank.judged (
  ledger   text primary key,
  epoch    bigint not null,
  position bigint not null
);
