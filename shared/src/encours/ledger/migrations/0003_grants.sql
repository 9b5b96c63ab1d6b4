-- Who may do what. Roles belong to the server and are made by encours.ledger.migrate before this file runs.

revoke all on schema ledger from public;
revoke all on all functions in schema ledger from public;

grant usage on schema ledger to encours_invoice, encours_dunning, encours_risk, encours_reporting;
-- A service compares what was applied with what it needs before it says that it is ready.
grant select on public.schema_migration to encours_invoice, encours_dunning, encours_risk, encours_reporting;
grant select on ledger.ledgers, ledger.event, ledger.command, ledger.series, ledger.type_family, ledger.api_key,
  ledger.event_readable to encours_invoice, encours_dunning, encours_risk, encours_reporting;

do $$
declare
  f regprocedure;
begin
  foreach f in array array(select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                            where n.nspname = 'ledger' and p.proname in ('append', 'position_at')) loop
    execute format('grant execute on function %s to encours_invoice, encours_dunning, encours_risk, encours_reporting', f);
  end loop;
end $$;
grant execute on function ledger.create_ledger(text, text, text, timestamptz) to encours_invoice;

insert into ledger.type_family (role, family) values
  ('encours_invoice', 'entity'), ('encours_invoice', 'customer'), ('encours_invoice', 'invoice'),
  ('encours_invoice', 'payment'), ('encours_invoice', 'dispute'), ('encours_invoice', 'import'),
  ('encours_invoice', 'calendar'),
  ('encours_dunning', 'reminder'), ('encours_dunning', 'task'), ('encours_dunning', 'dunning'),
  ('encours_dunning', 'promise'), ('encours_dunning', 'hold'), ('encours_dunning', 'policy'),
  ('encours_risk', 'limit'), ('encours_risk', 'credit'), ('encours_risk', 'reservation'),
  ('encours_reporting', 'figure'), ('encours_reporting', 'export');
