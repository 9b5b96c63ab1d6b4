-- The auditor reads the ledger and can do nothing else. API keys are not part of what happened: not even their hashes.

grant usage on schema ledger to encours_auditor;
grant select on public.schema_migration to encours_auditor;
grant select on ledger.ledgers, ledger.event, ledger.command, ledger.series, ledger.type_family, ledger.event_readable
  to encours_auditor;

-- Functions made since the first grants could be called by everybody; services call append, position_at and create_ledger.
revoke all on all functions in schema ledger from public;
