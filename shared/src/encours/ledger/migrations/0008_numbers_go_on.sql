-- Legal numbers go on where those of another system ended, and in the order of a request.
--
-- A number that was taken over (`invoice.issued` or `invoice.credited` without a series) may read like the next one of a
-- series: the series then goes on above it, and not before its date. A series may begin with another number than 1: behind
-- a # in n_prefix stands the number of its first document, which counts while the series has given none.
-- An append that is refused because a stream moved comes back to be decided again: those after it in its series wait, so
-- that none takes a number with a later date before it.

-- As in 0002, and 'held' too for what follows one that moved in its series.
create or replace function ledger.judge(
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
), behind as materialized (
  select n.a from number n where exists (select from number p join moved m on m.a = p.a where p.series = n.series and p.ord < n.ord)
)
select c.a,
       case when k.same then 'seen' when not k.same then 'reused'
            when exists (select from held h where h.a = c.a) then 'held'
            when m.a is not null then 'moved' when d.a is not null then 'date'
            when exists (select from overtaken o where o.a = c.a) or exists (select from behind b where b.a = c.a) then 'held'
            else 'ok' end,
       coalesce(m.detail, d.detail), k.first_position, k.last_position, k.answer
  from c left join known k on k.a = c.a left join moved m on m.a = c.a left join dated d on d.a = c.a
 order by c.a
$$;

-- Gapless legal numbers, next of their series in the order of the batch, spliced into the payloads between head (e_data) and
-- tail (n_tail). Raises EN002 when a date would go back: judge() pins it on an append, unless the date is that of a number
-- that was taken over.
create or replace function ledger.number(
  p_ledger smallint, e_entity text[], e_effective date[], inout e_data bytea[],
  n_code text[], n_year int[], n_prefix text[], n_width int[], n_tail bytea[], out numbers text[]
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  backwards text;
  steps ledger.series[];
  t_series text[];                                     -- series above whose last number others were taken over
  t_last bigint[];
  t_on date[];
begin
  -- One probe a series: with ORDER BY … LIMIT 1 no plan reads the ledger, however small it was when the plan was made.
  perform from (select distinct on (u.entity, u.code, u.year) u.entity, u.code, u.year, split_part(u.prefix, '#', 1) as prefix, u.width
                  from unnest(e_entity, n_code, n_year, n_prefix, n_width) u(entity, code, year, prefix, width)
                 where u.code is not null) u
    left join lateral (select s.last_number from ledger.series s where s.ledger = p_ledger and s.entity = u.entity
                          and s.code = u.code and s.year = u.year limit 1) s on true
    cross join (values ('invoice.issued'), ('invoice.credited')) t(type)
    cross join lateral (select e.position from ledger.event e
                         where e.ledger = p_ledger and e.entity = u.entity and e.type = t.type
                           and e.type in ('invoice.issued', 'invoice.credited')
                           and ledger.legal_number(e.data) >= convert_to(u.prefix || coalesce(lpad((s.last_number + 1)::text, u.width, '0'), ''), 'UTF8')
                           and ledger.legal_number(e.data) < convert_to(u.prefix || ':', 'UTF8')
                           and coalesce(length((s.last_number + 1)::text), 0) <= u.width
                         order by ledger.legal_number(e.data) desc limit 1) taken;
  if found then
    execute $q$
      select array_agg(u.entity || '/' || u.code || '/' || u.year), array_agg(t.last), array_agg(t.last_on)
        from (select distinct on (u.entity, u.code, u.year) u.entity, u.code, u.year, split_part(u.prefix, '#', 1) as prefix, u.width
                from unnest($2, $3, $4, $5, $6) u(entity, code, year, prefix, width) where u.code is not null) u
        left join ledger.series s on s.ledger = $1 and s.entity = u.entity and s.code = u.code and s.year = u.year
        cross join lateral (
          select max(substr(n.number, length(u.prefix) + 1)::bigint) as last, max(n.effective_on) as last_on
            from (select convert_from(ledger.legal_number(e.data), 'UTF8') as number, e.effective_on from ledger.event e
                   where e.ledger = $1 and e.entity = u.entity and e.type in ('invoice.issued', 'invoice.credited')
                     and ledger.legal_number(e.data) >= convert_to(u.prefix || coalesce(lpad((s.last_number + 1)::text, u.width, '0'), ''), 'UTF8')
                     and ledger.legal_number(e.data) < convert_to(u.prefix || ':', 'UTF8')) n
           where substr(n.number, length(u.prefix) + 1) ~ '^[0-9]{1,18}$') t
       where t.last > coalesce(s.last_number, 0)
    $q$ into t_series, t_last, t_on using p_ledger, e_entity, n_code, n_year, n_prefix, n_width;
  end if;

  with n as materialized (
    select e.*, split_part(e.prefix, '#', 1) as text, e.entity || '/' || e.code || '/' || e.year as series,
           greatest(s.last_issued_on, t.last_on) as last_issued_on,
           greatest(coalesce(s.last_number, nullif(split_part(e.prefix, '#', 2), '')::bigint - 1, 0), t.last)
             + row_number() over w as n,
           lag(e.effective) over w as before
      from unnest(e_entity, e_effective, e_data, n_code, n_year, n_prefix, n_width, n_tail)
           with ordinality e(entity, effective, data, code, year, prefix, width, tail, ord)
      left join lateral (select s.last_number, s.last_issued_on from ledger.series s where s.ledger = p_ledger
                            and s.entity = e.entity and s.code = e.code and s.year = e.year limit 1) s on e.code is not null
      left join unnest(t_series, t_last, t_on) t(series, last, last_on) on t.series = e.entity || '/' || e.code || '/' || e.year
    window w as (partition by e.entity, e.code, e.year order by e.ord)
  ), done as materialized (
    select n.*, case when n.code is not null
                     then n.text || lpad(n.n::text, greatest(n.width, length(n.n::text)), '0') end as number
      from n
  )
  select array_agg(case when d.code is null then d.data
                        else d.data || convert_to(d.number, 'UTF8') || d.tail end order by d.ord),
         array_agg(d.number order by d.ord),
         min('series ' || d.series || ' stands at ' || greatest(d.last_issued_on, d.before))
           filter (where d.code is not null and (d.effective < d.last_issued_on or d.effective < d.before)),
         (select array_agg(row(p_ledger, s.entity, s.code, s.year, s.n, s.effective)::ledger.series)
            from (select x.entity, x.code, x.year, max(x.n) as n, max(x.effective) as effective
                    from done x where x.code is not null group by x.entity, x.code, x.year) s)
    into e_data, numbers, backwards, steps
    from done d;

  if backwards is not null then
    raise exception '%', backwards using errcode = 'EN002';
  end if;
  insert into ledger.series as s select * from unnest(steps)
    on conflict (ledger, entity, code, year)
    do update set last_number = excluded.last_number, last_issued_on = greatest(s.last_issued_on, excluded.last_issued_on);
end $$;
