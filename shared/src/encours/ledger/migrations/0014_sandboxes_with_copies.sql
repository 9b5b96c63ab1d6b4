-- A sandbox that was copied is dropped after its copies: they are asked about in it, and could not be dropped without it.
-- Who makes or drops one waits two seconds for another that is being made, and is then refused.
--   EN007 copies of it stand
create or replace function ledger.drop_sandbox(p_name text, p_actor text) returns ledger.sandbox
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
as $$
declare
  found_one ledger.sandbox;
  copies text;
begin
  perform pg_advisory_xact_lock(1162756943, 0);        -- no copy of it is being made meanwhile
  select * into found_one from ledger.sandbox s where s.name = p_name for update;
  if not found then
    raise exception '% is no sandbox', p_name using errcode = 'no_data_found';
  end if;
  if found_one.dropped_at is not null then
    return found_one;
  end if;
  select string_agg(s.name, ', ' order by s.name) into copies
    from ledger.sandbox s where s.source = p_name and s.dropped_at is null;
  if copies is not null then
    raise exception '% has been copied: %', p_name, copies using errcode = 'EN007';
  end if;
  perform pg_advisory_xact_lock(1162756943, found_one.id);  -- appends that are under way end first
  delete from ledger.series s where s.ledger = found_one.id;
  delete from ledger.ledgers l where l.id = found_one.id;
  update ledger.sandbox s set dropped_by = p_actor, dropped_at = clock_timestamp() where s.id = found_one.id
    returning * into found_one;
  return found_one;
end $$;

alter function ledger.fork_sandbox(text, text, bigint, text, uuid, bytea, text, int, bigint) set lock_timeout = '2s';
