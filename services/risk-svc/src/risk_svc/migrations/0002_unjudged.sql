-- Customers whose early warnings could not be judged on the last day that was judged for their entity.
create schema if not exists encours_warnings;

create table if not exists encours_warnings.unjudged (
  ledger      text not null,
  customer_id text not null,
  entity_id   text not null,
  day         date not null,
  problem     text not null,
  primary key (ledger, customer_id)
);
