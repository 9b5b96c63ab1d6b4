-- A fact without a day of its own stands before all days, so that "up to a day" is one range of the index.

update imports.fact set on_date = '-infinity' where on_date is null;
alter table imports.fact alter column on_date set not null;
drop index imports.fact_ledger_on_date_rank_seq_idx;
create index on imports.fact (ledger, on_date, rank, seq) where state = 'pending';
