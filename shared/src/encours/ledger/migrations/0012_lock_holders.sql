-- The transaction of an append holds the ledger's append lock until it ends. A role that keeps such a transaction open stops every
-- append; whoever waits in vain ends it. For this the owner of these functions may see and end sessions: `encours migrate`
-- grants that where it may, and lets no service take the lock by itself.

-- Sessions of services that hold the append lock of a ledger.
create function ledger.lock_holders(p_ledger smallint)
returns table (pid int, role name, application text, address inet, held interval)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select a.pid, a.usename, a.application_name, a.client_addr, clock_timestamp() - coalesce(a.xact_start, a.state_change)
    from pg_locks k join pg_stat_activity a on a.pid = k.pid
   where k.locktype = 'advisory' and k.classid = 1162756943 and k.objid = p_ledger::int::oid and k.objsubid = 2 and k.granted
     and k.database = (select d.oid from pg_database d where d.datname = current_database())
     and exists (select from ledger.type_family f where f.role = a.usename and f.family <> '*')
$$;

-- End those that hold it for longer than `p_after`, which is not less than any append may take.
create function ledger.end_lock_holders(p_ledger smallint, p_after interval)
returns table (pid int, role name, application text, address inet, held interval)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with late as materialized (                          -- judged before anything is ended
    select h.* from ledger.lock_holders(p_ledger) h where h.held > greatest(p_after, interval '15 seconds')
  )
  select late.* from late where pg_terminate_backend(late.pid)
$$;

revoke all on all functions in schema ledger from public;
grant execute on function ledger.lock_holders(smallint), ledger.end_lock_holders(smallint, interval)
  to encours_invoice, encours_dunning, encours_risk, encours_reporting;
