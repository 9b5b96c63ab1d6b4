-- A service's role appends its own families of events, each into its own streams and with the fields of its type; legal
-- numbers go to numbered families, and a sandbox's clock is moved by the role that may create one.

-- Rows come from encours.contracts.families by `encours migrate`. Earlier ones without streams grant nothing.
alter table ledger.type_family
  add column streams text[],                           -- prefixes of the streams: part of the id before the first _ or -
  add column numbered boolean not null default false;  -- its events may take the next number of a series

-- Fields of each type's payload: those that it may have, in the order of its bytes, and those that it must have. Rows come
-- from the contracts by `encours migrate`.
create table ledger.payload_form (
  type           text not null,
  schema_version smallint not null,
  fields         text[] not null,
  required       text[] not null,
  primary key (type, schema_version)
);
grant select on ledger.payload_form
  to encours_invoice, encours_dunning, encours_risk, encours_reporting, encours_auditor;

-- As in 0002, for the role that may create a sandbox.
create or replace function ledger.set_clock(p_ledger smallint, p_clock timestamptz) returns timestamptz
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  moved timestamptz;
begin
  if not has_function_privilege(session_user, 'ledger.create_ledger(text, text, text, timestamptz)', 'execute') then
    raise exception 'role % may not set a clock', session_user using errcode = 'insufficient_privilege';
  end if;
  update ledger.ledgers set clock_at = greatest(clock_at, p_clock) where id = p_ledger and kind = 'sandbox'
    returning clock_at into moved;
  if not found then
    raise exception 'only a sandbox has a clock that can be set' using errcode = 'invalid_parameter_value';
  end if;
  return moved;
end $$;

-- Refusals that need no lock. The installing user ('*') loads archives and serves offline tools: its content is not checked.
create function ledger.check_append(
  p_ledger smallint, p_clock timestamptz, e_stream text[], e_type text[], e_schema smallint[], e_effective date[],
  e_data bytea[], n_code text[], n_prefix text[], n_width int[], n_tail bytea[]
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  strange text;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    -- an older snapshot would not see what was committed while this call waited for the lock
    raise exception 'ledger.append needs READ COMMITTED' using errcode = 'invalid_transaction_state';
  end if;
  if cardinality(n_prefix) > 0 then
    perform from unnest(n_prefix, n_width) n(prefix, width) where n.prefix ~ '["\\[:cntrl:]]' or n.width not between 1 and 18;
    if found then
      raise exception 'a number step has a prefix or width that cannot stand in a payload'
        using errcode = 'invalid_parameter_value';
    end if;
  end if;
  perform from ledger.type_family f where f.role = session_user and f.family = '*';
  if found then
    return;
  end if;

  select e.type || ' to ' || e.stream || case when e.code is null then '' else ' with a number' end into strange
    from unnest(e_type, e_stream, n_code) e(type, stream, code)
   where not exists (select from ledger.type_family f
                      where f.role = session_user and f.family = split_part(e.type, '.', 1)
                        and split_part(split_part(e.stream, '_', 1), '-', 1) = any (f.streams)
                        and (e.code is null or f.numbered))
   limit 1;
  if found then
    raise exception 'role % may not append %', session_user, strange using errcode = 'insufficient_privilege';
  end if;

  if 'calendar.day_opened' = any (e_type) then
    perform from ledger.ledgers l, unnest(e_type, e_effective, e_data) e(type, day, data)
     where l.id = p_ledger and e.type = 'calendar.day_opened'
       and (e.day > (coalesce(greatest(p_clock, l.clock_at), clock_timestamp()) at time zone l.time_zone)::date
            or position(convert_to('"day":"' || e.day || '"', 'UTF8') in e.data) = 0);
    if found then
      raise exception 'a day is opened on its date, not before it' using errcode = 'insufficient_privilege';
    end if;
  end if;

  select e.type || ' v' || e.version into strange
    from unnest(e_type, e_schema, e_data, n_tail) e(type, version, head, tail)
    cross join lateral (select array(select json_object_keys(
                                 replace(convert_from(case when e.tail is null then e.head else e.head || e.tail end, 'UTF8'),
                                         '\u0000', '\u0001')::json)) as keys offset 0) p   -- json functions refuse U+0000
   where not exists (select from ledger.payload_form f
                      where f.type = e.type and f.schema_version = e.version
                        and (p.keys = f.fields or p.keys <@ f.fields and p.keys @> f.required))
   limit 1;
  if found then
    raise exception 'the payload of % has not the fields of that type', strange using errcode = 'check_violation';
  end if;
end $$;

-- Result: when `verdicts` is null everything was stored and positions follow from `head` (the position before the batch) and
-- the counts; else `verdicts` tells each append's fate and `firsts`/`lasts` the positions of those stored now or before.
-- `spent` is the time in this function: what is left of the caller's time is transport and commit.
create or replace function ledger.append(
  p_ledger smallint, p_clock timestamptz,
  c_id uuid[], c_fp bytea[], c_answer bytea[], c_count int[],
  e_stream text[], e_version int[], e_type text[], e_schema smallint[], e_entity text[],
  e_id uuid[], e_effective date[], e_data bytea[],
  e_actor text[], e_reason text[], e_correlation uuid[], e_causation uuid[], e_trace text[],
  g_append int[], g_stream text[], g_version int[],
  n_code text[], n_year int[], n_prefix text[], n_width int[], n_tail bytea[],
  out head bigint, out recorded_at timestamptz, out numbers text[],
  out verdicts text[], out details text[], out firsts bigint[], out lasts bigint[], out answers bytea[], out spent interval
) language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  -- Null stands for 1, 2, 3 …: no array is made for the usual batch of good appends with one event each.
  e_append int[];                                      -- which append each event belongs to
  c_keep int[];                                        -- appends believed to be good
  e_keep int[];                                        -- and their events
  c_upto int[];                                        -- events of the kept appends up to each append
  c_kept int := cardinality(c_id);
  e_kept int := cardinality(e_stream);
  started timestamptz := clock_timestamp();
  spliced bytea[] := e_data;
  last_at timestamptz;
  clock timestamptz;
  at timestamptz;
begin
  perform ledger.check_append(p_ledger, p_clock, e_stream, e_type, e_schema, e_effective, e_data,
                              n_code, n_prefix, n_width, n_tail);
  if 1 = all (c_count) then
    e_kept := cardinality(c_count);
  else
    e_append := array(select a from generate_series(1, c_kept) a, generate_series(1, c_count[a]) order by a);
    c_upto := array(select sum(n) over (order by a) from unnest(c_count) with ordinality c(n, a) order by a);
    e_kept := cardinality(e_append);
  end if;
  if e_kept <> cardinality(e_stream) or c_kept <> cardinality(c_count) then
    raise exception 'counts of events do not add up' using errcode = 'invalid_parameter_value';
  end if;

  perform pg_advisory_xact_lock(1162756943, p_ledger);  -- 'ENCO'; taken last, gone with the commit

  select l.clock_at, coalesce(e.position, 0), e.recorded_at into clock, head, last_at
    from ledger.ledgers l
    left join lateral (select e.position, e.recorded_at from ledger.event e
                        where e.ledger = l.id order by e.position desc limit 1) e on true
   where l.id = p_ledger;
  if not found then
    raise exception 'no ledger %', p_ledger using errcode = 'no_data_found';
  end if;
  if p_clock is not null then
    clock := ledger.set_clock(p_ledger, p_clock);
  end if;
  at := greatest(last_at, coalesce(clock, clock_timestamp()));
  recorded_at := at;

  for attempt in 1..2 loop
    begin
      if cardinality(n_code) > 0 then
        select n.e_data, n.numbers into spliced, numbers
          from ledger.number(p_ledger, e_entity, e_effective, e_data, n_code, n_year, n_prefix, n_width, n_tail) n;
      end if;

      insert into ledger.command (ledger, command_id, fingerprint, first_position, last_position, answer)
      select p_ledger, c_id[k.a], c_fp[k.a], head + coalesce(c_upto[k.a], k.a) - c_count[k.a] + 1,
             head + coalesce(c_upto[k.a], k.a), c_answer[k.a]
        from (select coalesce(c_keep[n], n) as a from generate_series(1, c_kept) n) k;

      insert into ledger.event (position, recorded_at, version, effective_on, ledger, schema_version, event_id, command_id,
                                stream, type, entity, actor, reason, correlation_id, causation_id, traceparent, data)
      select head + k.n, at, e_version[k.i], e_effective[k.i], p_ledger, e_schema[k.i], e_id[k.i],
             c_id[coalesce(e_append[k.i], k.i)], e_stream[k.i], e_type[k.i], e_entity[k.i], e_actor[k.i], e_reason[k.i],
             e_correlation[k.i], e_causation[k.i], e_trace[k.i], spliced[k.i]
        from (select n, coalesce(e_keep[n], n) as i from generate_series(1, e_kept) n) k;

      if not 1 = all (e_version) then
        perform from (select n, coalesce(e_keep[n], n) as i from generate_series(1, e_kept) n) k
          left join lateral (select p.position from ledger.event p where p.ledger + 0 = p_ledger and p.stream = e_stream[k.i]
                                and p.version = e_version[k.i] - 1 limit 1) p on true
          where e_version[k.i] <> 1 and (p.position is null or p.position >= head + k.n);
        if found then
          raise exception 'a version does not follow its predecessor' using errcode = 'EN001';
        end if;
      end if;

      if cardinality(g_append) > 0 then
        perform from unnest(g_append, g_stream, g_version) g(a, stream, version)
          cross join lateral (select head + coalesce(c_upto[g.a], g.a) - c_count[g.a] as last) before
          left join lateral (select p.position from ledger.event p where p.ledger + 0 = p_ledger and p.stream = g.stream
                                and p.version = g.version limit 1) p on true
          left join lateral (select p.position from ledger.event p where p.ledger + 0 = p_ledger and p.stream = g.stream
                                and p.version = g.version + 1 limit 1) n on true
          where (c_keep is null or g.a = any (c_keep))
            and ((g.version <> 0 and (p.position is null or p.position > before.last)) or n.position <= before.last);
        if found then
          raise exception 'a guarded stream has moved' using errcode = 'EN001';
        end if;
      end if;
      spent := clock_timestamp() - started;
      return;
    exception when unique_violation or sqlstate 'EN001' or sqlstate 'EN002' then
      if attempt = 2 then
        raise;
      end if;
    end;

    e_append := coalesce(e_append, array(select generate_series(1, e_kept)));
    select array_agg(j.verdict order by j.a), array_agg(j.detail order by j.a), array_agg(j.answer order by j.a),
           array_agg(j.first_position order by j.a), array_agg(j.last_position order by j.a)
      into verdicts, details, answers, firsts, lasts
      from ledger.judge(p_ledger, c_id, c_fp, e_append, e_stream, e_version, e_entity, e_effective, n_code, n_year,
                        g_append, g_stream, g_version) j;
    c_keep := array(select a from unnest(verdicts) with ordinality v(verdict, a) where v.verdict = 'ok' order by a);
    e_keep := array(select i from unnest(e_append) with ordinality e(a, i) where verdicts[e.a] = 'ok' order by i);
    c_kept := cardinality(c_keep);
    e_kept := cardinality(e_keep);
    c_upto := array(select sum(case when verdicts[a] = 'ok' then n else 0 end) over (order by a)
                      from unnest(c_count) with ordinality c(n, a) order by a);
    if cardinality(n_code) > 0 then
      n_code := array(select case when verdicts[e.a] = 'ok' then n_code[i] end
                        from unnest(e_append) with ordinality e(a, i) order by i);
    end if;
    firsts := array(select case when verdicts[a] = 'ok' then head + c_upto[a] - c_count[a] + 1 else firsts[a] end
                      from generate_series(1, cardinality(c_id)) a order by a);
    lasts := array(select case when verdicts[a] = 'ok' then head + c_upto[a] else lasts[a] end
                     from generate_series(1, cardinality(c_id)) a order by a);
    numbers := null;
    spliced := e_data;
  end loop;
end $$;

drop function ledger.check_call(text[], text[], int[]);
revoke all on all functions in schema ledger from public;
