-- Position up to which the customers of a ledger were looked at for their grades: a worker that starts goes on there.
create schema if not exists encours_grading;

create table if not exists encours_grading.looked (
  ledger   text primary key,
  epoch    bigint not null,
  position bigint not null
);
