-- Sandboxes: copies of a ledger up to a position, each a ledger of its own with a test clock. They can be dropped; no other
-- ledger can. What is deleted are the rows of a ledger that was registered here before it had any event, and that no longer
-- exists: neither a service nor the owner can turn a ledger with a history into one.

create table ledger.sandbox (
  id          smallint primary key,                    -- its ledger
  name        text not null unique,                    -- never used again, also after it was dropped
  source      text not null,
  position    bigint not null check (position > 0),    -- of the source: up to here both have the same events
  note        text not null,
  command_id  uuid not null unique,
  fingerprint bytea not null,
  created_by  text not null,
  created_at  timestamptz not null default clock_timestamp(),
  dropped_by  text,
  dropped_at  timestamptz,
  check ((dropped_by is null) = (dropped_at is null))
);
grant select on ledger.sandbox to encours_invoice, encours_dunning, encours_risk, encours_reporting, encours_auditor;

create function ledger.guard_sandbox() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform from ledger.ledgers l where l.id = new.id and l.name = new.name and l.kind = 'sandbox';
    if not found or new.dropped_at is not null
       or exists (select from ledger.event e where e.ledger = new.id)
       or exists (select from ledger.command c where c.ledger = new.id) then
      raise exception 'ledger % is no new sandbox', new.name using errcode = 'restrict_violation';
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' then
    if old.dropped_at is null and new.dropped_at is not null
       and (old.id, old.name, old.source, old.position, old.command_id) = (new.id, new.name, new.source, new.position, new.command_id) then
      return new;
    end if;
  end if;
  raise exception '% on ledger.sandbox refused: a sandbox is registered once and dropped once', tg_op
    using errcode = 'restrict_violation';
end $$;
create trigger guarded before insert or update or delete on ledger.sandbox
  for each row execute function ledger.guard_sandbox();
alter table ledger.sandbox enable always trigger guarded;
create trigger kept before truncate on ledger.sandbox for each statement execute function ledger.refuse_change();
alter table ledger.sandbox enable always trigger kept;

-- The name of a dropped sandbox is not given again: processes and read models know ledgers by their names.
create function ledger.refuse_used_name() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from ledger.sandbox s where s.name = new.name) then
    raise exception 'The name % was that of a sandbox', new.name using errcode = 'EN003';
  end if;
  return new;
end $$;
create trigger unused_name before insert on ledger.ledgers for each row execute function ledger.refuse_used_name();
alter table ledger.ledgers enable always trigger unused_name;

-- Deletion is judged row by row: only rows of a dropped sandbox go.
create function ledger.refuse_deletion() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from ledger.sandbox s where s.id = old.ledger and s.dropped_at is not null)
     and not exists (select from ledger.ledgers l where l.id = old.ledger) then
    return old;
  end if;
  raise exception '% on ledger.% refused: the ledger is append-only; a correction is a new event', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;

drop trigger append_only on ledger.event;
create trigger append_only before update or truncate on ledger.event
  for each statement execute function ledger.refuse_change();
alter table ledger.event enable always trigger append_only;
create trigger append_only_rows before delete on ledger.event for each row execute function ledger.refuse_deletion();
alter table ledger.event enable always trigger append_only_rows;

drop trigger append_only on ledger.command;
create trigger append_only before update or truncate on ledger.command
  for each statement execute function ledger.refuse_change();
alter table ledger.command enable always trigger append_only;
create trigger append_only_rows before delete on ledger.command for each row execute function ledger.refuse_deletion();
alter table ledger.command enable always trigger append_only_rows;

-- Series as they stood at a position: the running number is what follows the prefix that was defined then.
create function ledger.series_at(p_ledger smallint, p_position bigint)
returns table (entity text, code text, year int, last_number bigint, last_issued_on date)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with numbered as (
    select e.entity, e.position, e.effective_on, replace(convert_from(e.data, 'UTF8'), '\u0000', '\u0001')::json as data
      from ledger.event e
     where e.ledger = p_ledger and e.position <= p_position
       and e.type in ('invoice.issued', 'invoice.credited', 'payment.credit_note_issued')
  ), last as (
    select distinct on (n.entity, n.data->>'series', extract(year from n.effective_on))
           n.entity, n.data->>'series' as code, extract(year from n.effective_on)::int as year, n.position,
           n.data->>'number' as number, n.effective_on
      from numbered n where n.data->>'series' is not null
     order by n.entity, n.data->>'series', extract(year from n.effective_on), n.position desc
  )
  select l.entity, l.code, l.year,
         coalesce(substr(l.number, length(replace(d.prefix, '{year}', l.year::text)) + 1),
                  substring(l.number from '([0-9]+)[^0-9]*$'))::bigint,
         l.effective_on
    from last l
    left join lateral (
      select convert_from(e.data, 'UTF8')::json->>'prefix' as prefix from ledger.event e
       where e.ledger + 0 = p_ledger and e.stream = l.entity and e.type = 'entity.series_defined' and e.position < l.position
         and convert_from(e.data, 'UTF8')::json->>'code' = l.code
       order by e.version desc limit 1) d on true
$$;

-- Copy a ledger up to a position (null: to its end) into a new sandbox, whole or not at all: one transaction, one at a time.
-- A repetition of the command returns what it made. The clock of the sandbox shows the instant of its last event.
--   EN003 name in use   EN004 as many sandboxes as there may be   EN005 too many events   EN006 no such position
create function ledger.fork_sandbox(
  p_source text, p_name text, p_position bigint, p_note text, p_command uuid, p_fingerprint bytea, p_actor text,
  p_sandboxes_max int, p_events_max bigint
) returns ledger.sandbox
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  made ledger.sandbox;
  origin ledger.ledgers;
  head bigint;
  upto bigint;
  first_of bigint;
  last_of bigint;
  clock timestamptz;
  new_id smallint;
begin
  perform pg_advisory_xact_lock(1162756943, 0);        -- no ledger has the id 0
  select * into made from ledger.sandbox s where s.command_id = p_command;
  if found then
    return made;
  end if;
  select * into origin from ledger.ledgers l where l.name = p_source;
  if not found then
    raise exception 'no ledger %', p_source using errcode = 'no_data_found';
  end if;
  if exists (select from ledger.ledgers l where l.name = p_name) then
    raise exception 'The name % is that of a ledger', p_name using errcode = 'EN003';
  end if;
  if (select count(*) from ledger.sandbox s where s.dropped_at is null) >= p_sandboxes_max then
    raise exception 'there are % sandboxes', p_sandboxes_max using errcode = 'EN004';
  end if;
  select coalesce(max(e.position), 0) into head from ledger.event e where e.ledger = origin.id;
  upto := coalesce(p_position, head);
  select e.recorded_at, c.first_position, c.last_position into clock, first_of, last_of
    from ledger.event e join ledger.command c on c.ledger = e.ledger and c.command_id = e.command_id
   where e.ledger = origin.id and e.position = upto;
  if not found then
    raise exception 'The ledger ends at position %', head using errcode = 'EN006';
  end if;
  if last_of <> upto then
    raise exception 'Position % is within a command, which has the positions % to %', upto, first_of, last_of
      using errcode = 'EN006';
  end if;
  if upto > p_events_max then
    raise exception 'up to there are % events', upto using errcode = 'EN005';
  end if;

  insert into ledger.ledgers (name, epoch, kind, time_zone, clock_at, effects_from)
  values (p_name, (extract(epoch from clock_timestamp()) * 1000000)::bigint, 'sandbox', origin.time_zone, clock, upto)
  returning id into new_id;
  insert into ledger.sandbox (id, name, source, position, note, command_id, fingerprint, created_by)
  values (new_id, p_name, p_source, upto, p_note, p_command, p_fingerprint, p_actor)
  returning * into made;
  insert into ledger.command (ledger, command_id, fingerprint, first_position, last_position, answer)
  select new_id, c.command_id, c.fingerprint, c.first_position, c.last_position, c.answer
    from ledger.command c where c.ledger = origin.id and c.last_position <= upto;
  insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id, command_id,
                            stream, type, entity, actor, reason, correlation_id, causation_id, traceparent, data)
  select e.position, e.recorded_at, e.version, e.effective_on, new_id, e.schema_version, e.event_id, e.command_id,
         e.stream, e.type, e.entity, e.actor, e.reason, e.correlation_id, e.causation_id, e.traceparent, e.data
    from ledger.event e where e.ledger = origin.id and e.position <= upto order by e.position;
  insert into ledger.series (ledger, entity, code, year, last_number, last_issued_on)
  select new_id, s.* from ledger.series_at(origin.id, upto) s;
  return made;
end $$;

-- Drop a sandbox: from now on there is no such ledger, and ledger.purge_sandboxes() may delete its rows. Repeatable.
create function ledger.drop_sandbox(p_name text, p_actor text) returns ledger.sandbox
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found_one ledger.sandbox;
begin
  select * into found_one from ledger.sandbox s where s.name = p_name for update;
  if not found then
    raise exception '% is no sandbox', p_name using errcode = 'no_data_found';
  end if;
  if found_one.dropped_at is not null then
    return found_one;
  end if;
  perform pg_advisory_xact_lock(1162756943, found_one.id);  -- appends that are under way end first
  delete from ledger.series s where s.ledger = found_one.id;
  delete from ledger.ledgers l where l.id = found_one.id;
  update ledger.sandbox s set dropped_by = p_actor, dropped_at = clock_timestamp() where s.id = found_one.id
    returning * into found_one;
  return found_one;
end $$;

-- Delete events of dropped sandboxes, p_rows of each at most, and their commands with the last ones; the number of rows deleted.
create function ledger.purge_sandboxes(p_rows int) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  dropped smallint;
  gone bigint;
  total bigint := 0;
begin
  for dropped in select s.id from ledger.sandbox s where s.dropped_at is not null loop
    delete from ledger.event e
     where e.ledger = dropped
       and e.position < (select min(f.position) + p_rows from ledger.event f where f.ledger = dropped);
    get diagnostics gone = row_count;
    if gone = 0 then
      delete from ledger.command c where c.ledger = dropped
         and c.command_id in (select d.command_id from ledger.command d where d.ledger = dropped limit p_rows);
      get diagnostics gone = row_count;
    end if;
    total := total + gone;
  end loop;
  return total;
end $$;

revoke all on all functions in schema ledger from public;
grant execute on function
  ledger.fork_sandbox(text, text, bigint, text, uuid, bytea, text, int, bigint),
  ledger.drop_sandbox(text, text), ledger.purge_sandboxes(int) to encours_dunning;
