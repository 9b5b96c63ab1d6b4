-- Append: the only way into the ledger.
--
-- One call stores a batch of commands ("appends") that waited together. It takes the ledger's advisory lock,
-- assigns contiguous positions and returns; the lock goes with the commit. First it assumes that nothing conflicts and
-- lets the unique indexes find out; only when they do is each append judged on its own, and those that pass
-- are stored, so that a refused one leaves no gap.
--
-- Arrays are aligned: c_* one element an append, e_* one element an event in the order of the appends, n_* aligned
-- with the events (null where the event takes no number), g_* one element a guard. A column without any value
-- comes as an empty array. Arrays are subscripted and not unnested together: PL/pgSQL holds them expanded, so a
-- subscript costs the same wherever it points, and the good ones of a batch are picked by their indexes.
-- Wherever a table of the ledger is probed the query is a LATERAL … LIMIT 1: a join would let a plan that was
-- made while the table was small read all of it for every batch later.

-- What can be refused before the lock is taken.
create function ledger.check_call(e_type text[], n_prefix text[], n_width int[]) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  families text[] := array(select f.family from ledger.type_family f where f.role = session_user);
  strange text;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    -- an older snapshot would not see what was committed while this call waited for the lock
    raise exception 'ledger.append needs READ COMMITTED' using errcode = 'invalid_transaction_state';
  end if;
  if not '*' = any (families) then
    select t into strange from unnest(e_type) t where not split_part(t, '.', 1) = any (families) limit 1;
    if found then
      raise exception 'role % may not append %', session_user, strange using errcode = 'insufficient_privilege';
    end if;
  end if;
  if cardinality(n_prefix) > 0 then
    perform from unnest(n_prefix, n_width) n(prefix, width) where n.prefix ~ '["\\[:cntrl:]]' or n.width not between 1 and 18;
    if found then
      raise exception 'a number step has a prefix or width that cannot stand in a payload'
        using errcode = 'invalid_parameter_value';
    end if;
  end if;
end $$;

-- Moves the clock of a sandbox forward, never back; the clock's new time.
create function ledger.set_clock(p_ledger smallint, p_clock timestamptz) returns timestamptz
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  moved timestamptz;
begin
  update ledger.ledgers set clock_at = greatest(clock_at, p_clock) where id = p_ledger and kind = 'sandbox'
    returning clock_at into moved;
  if not found then
    raise exception 'only a sandbox has a clock that can be set' using errcode = 'invalid_parameter_value';
  end if;
  return moved;
end $$;

-- What becomes of each append of a batch that can't be stored as a whole: 'ok', or why not. 'held' means that it depends
-- on an earlier append of the same call and has to be sent again; the first append of a call is never held.
create function ledger.judge(
  p_ledger smallint, c_id uuid[], c_fp bytea[],
  e_append int[], e_stream text[], e_version int[], e_entity text[], e_effective date[], n_code text[], n_year int[],
  g_append int[], g_stream text[], g_version int[]
) returns table (a int, verdict text, detail text, first_position bigint, last_position bigint, answer bytea)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
with c as materialized (
  select c.id, c.fp, c.ord::int as a, row_number() over (partition by c.id order by c.ord) as nth
    from unnest(c_id, c_fp) with ordinality c(id, fp, ord)
), known as materialized (
  select c.a, c.fp = k.fingerprint as same, k.first_position, k.last_position, k.answer
    from c cross join lateral (select * from ledger.command k where k.ledger = p_ledger and k.command_id = c.id limit 1) k
), e as materialized (
  select e.a, e.stream, e.version, e.entity, e.effective, e.code, e.year, e.ord,
         e.version - row_number() over (partition by e.a, e.stream order by e.ord) as expected
    from unnest(e_append, e_stream, e_version, e_entity, e_effective, n_code, n_year)
         with ordinality e(a, stream, version, entity, effective, code, year, ord)
   where e.a is not null
), wish as materialized (
  select distinct e.a, e.stream, e.expected from e
  union select g.a, g.stream, g.version from unnest(g_append, g_stream, g_version) g(a, stream, version)
), head as materialized (
  select s.stream, coalesce(h.version, 0) as version
    from (select distinct stream from wish) s
    left join lateral (select h.version from ledger.event h
                        where h.ledger + 0 = p_ledger and h.stream = s.stream order by h.version desc limit 1) h on true
), writer as materialized (
  select e.stream, min(e.a) as a from e where not exists (select from known k where k.a = e.a) group by e.stream
), held as materialized (
  select c.a from c where c.nth > 1
  union select w.a from wish w join writer on writer.stream = w.stream and writer.a < w.a
), moved as materialized (
  select w.a, min(w.stream || ' is at version ' || h.version) as detail
    from wish w join head h on h.stream = w.stream where w.expected <> h.version group by w.a
), number as materialized (
  select e.a, e.code, e.effective, e.ord, s.last_issued_on,
         e.entity || '/' || e.code || '/' || e.year as series,
         max(e.effective) over (partition by e.a, e.entity, e.code, e.year order by e.ord rows unbounded preceding) as own
    from e left join lateral (select s.last_issued_on from ledger.series s where s.ledger = p_ledger and s.entity = e.entity
                                 and s.code = e.code and s.year = e.year limit 1) s on true
   where e.code is not null
), dated as materialized (
  select n.a, min('series ' || n.series || ' stands at ' || greatest(n.last_issued_on, n.own)) as detail
    from number n where n.effective < n.last_issued_on or n.effective < n.own group by n.a
), overtaken as materialized (
  select n.a from (select n.a, n.effective, max(n.effective) over (partition by n.series order by n.ord rows unbounded preceding) as latest
                     from number n where not exists (select from known k where k.a = n.a)
                      and not exists (select from held h where h.a = n.a) and not exists (select from moved m where m.a = n.a)
                      and not exists (select from dated d where d.a = n.a)) n
   where n.effective < n.latest
)
select c.a,
       case when k.same then 'seen' when not k.same then 'reused'
            when exists (select from held h where h.a = c.a) then 'held'
            when m.a is not null then 'moved' when d.a is not null then 'date'
            when exists (select from overtaken o where o.a = c.a) then 'held' else 'ok' end,
       coalesce(m.detail, d.detail), k.first_position, k.last_position, k.answer
  from c left join known k on k.a = c.a left join moved m on m.a = c.a left join dated d on d.a = c.a
 order by c.a
$$;

-- Gapless legal numbers, next of their series in the order of the batch, spliced into the payloads between head (e_data) and
-- tail (n_tail). Raises EN002 when a date would go back, which only judge() can pin on one append.
create function ledger.number(
  p_ledger smallint, e_entity text[], e_effective date[], inout e_data bytea[],
  n_code text[], n_year int[], n_prefix text[], n_width int[], n_tail bytea[], out numbers text[]
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  backwards boolean;
  steps ledger.series[];
begin
  with n as materialized (
    select e.*, s.last_issued_on,
           coalesce(s.last_number, 0) + row_number() over w as n,
           lag(e.effective) over w as before
      from unnest(e_entity, e_effective, e_data, n_code, n_year, n_prefix, n_width, n_tail)
           with ordinality e(entity, effective, data, code, year, prefix, width, tail, ord)
      left join lateral (select s.last_number, s.last_issued_on from ledger.series s where s.ledger = p_ledger
                            and s.entity = e.entity and s.code = e.code and s.year = e.year limit 1) s on e.code is not null
    window w as (partition by e.entity, e.code, e.year order by e.ord)
  ), done as materialized (
    select n.*, case when n.code is not null
                     then n.prefix || lpad(n.n::text, greatest(n.width, length(n.n::text)), '0') end as number
      from n
  )
  select array_agg(case when d.code is null then d.data
                        else d.data || convert_to(d.number, 'UTF8') || d.tail end order by d.ord),
         array_agg(d.number order by d.ord),
         bool_or(d.code is not null and (d.effective < d.last_issued_on or d.effective < d.before)),
         (select array_agg(row(p_ledger, s.entity, s.code, s.year, s.n, s.effective)::ledger.series)
            from (select x.entity, x.code, x.year, max(x.n) as n, max(x.effective) as effective
                    from done x where x.code is not null group by x.entity, x.code, x.year) s)
    into e_data, numbers, backwards, steps
    from done d;

  if backwards then
    raise exception 'a date of issue goes back' using errcode = 'EN002';
  end if;
  insert into ledger.series as s select * from unnest(steps)
    on conflict (ledger, entity, code, year)
    do update set last_number = excluded.last_number, last_issued_on = greatest(s.last_issued_on, excluded.last_issued_on);
end $$;

-- Result: when `verdicts` is null everything was stored and positions follow from `head` (the position before the batch) and
-- the counts; else `verdicts` tells each append's fate and `firsts`/`lasts` the positions of those stored now or before.
-- `spent` is the time in this function: what is left of the caller's time is transport and commit.
create function ledger.append(
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
  perform ledger.check_call(e_type, n_prefix, n_width);
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

-- Last position that the ledger knew at an instant; 0 before the first. A binary search: recorded_at never decreases with the
-- position and positions have no holes, so no index of its own is needed.
create function ledger.position_at(p_ledger smallint, p_instant timestamptz) returns bigint language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  low bigint := 0;
  high bigint;
  middle bigint;
begin
  select coalesce(max(e.position), 0) into high from ledger.event e where e.ledger = p_ledger;
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.recorded_at from ledger.event e where e.ledger = p_ledger and e.position = middle) <= p_instant then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;

-- A new ledger, or the one of that name when it exists already. Live ledgers have no clock of their own.
create function ledger.create_ledger(p_name text, p_kind text, p_time_zone text, p_clock timestamptz) returns smallint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found_id smallint;
begin
  perform now() at time zone p_time_zone;              -- an unknown zone fails here, not in the first reading of the clock
  insert into ledger.ledgers (name, epoch, kind, time_zone, clock_at)
  values (p_name, (extract(epoch from clock_timestamp()) * 1000000)::bigint, p_kind, p_time_zone, p_clock)
  on conflict (name) do nothing returning id into found_id;
  if found_id is null then
    select id into found_id from ledger.ledgers where name = p_name;
  end if;
  return found_id;
end $$;
