-- A series that has begun takes the next free number: numbers of another system are passed by one for one, so that none
-- between them is left out. Before its first number a series goes on above all of them, and not before their dates.

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
  t_series text[];                                     -- numbers of another system above the last one of a series; of those
  t_number bigint[];                                   -- before its first, the highest
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
      with u as (
        select distinct on (u.entity, u.code, u.year) u.entity || '/' || u.code || '/' || u.year as series, u.entity,
               split_part(u.prefix, '#', 1) as prefix, u.width, s.last_number
          from unnest($2, $3, $4, $5, $6) u(entity, code, year, prefix, width)
          left join ledger.series s on s.ledger = $1 and s.entity = u.entity and s.code = u.code and s.year = u.year
         where u.code is not null
      ), t as materialized (
        select u.series, u.last_number is null as before_first, n.number, n.effective_on
          from u cross join lateral (
            select case when substr(n.number, length(u.prefix) + 1) ~ '^[0-9]{1,18}$'
                        then substr(n.number, length(u.prefix) + 1)::bigint end as number, n.effective_on
              from (select convert_from(ledger.legal_number(e.data), 'UTF8') as number, e.effective_on from ledger.event e
                     where e.ledger = $1 and e.entity = u.entity and e.type in ('invoice.issued', 'invoice.credited')
                       and ledger.legal_number(e.data) >= convert_to(u.prefix || coalesce(lpad((u.last_number + 1)::text, u.width, '0'), ''), 'UTF8')
                       and ledger.legal_number(e.data) < convert_to(u.prefix || ':', 'UTF8')) n) n
         where n.number > coalesce(u.last_number, 0)
      ), kept as (
        select series, max(number) as number, max(effective_on) as effective_on from t where before_first group by series
        union all select distinct series, number, effective_on from t where not before_first
      )
      select array_agg(series), array_agg(number), array_agg(effective_on) from kept
    $q$ into t_series, t_number, t_on using p_ledger, e_entity, n_code, n_year, n_prefix, n_width;
  end if;

  with n as materialized (
    select e.*, split_part(e.prefix, '#', 1) as text, e.entity || '/' || e.code || '/' || e.year as series,
           coalesce(s.last_issued_on, t.last_on) as last_issued_on,
           coalesce(s.last_number, greatest(nullif(split_part(e.prefix, '#', 2), '')::bigint - 1, t.last, 0)) as base,
           row_number() over w as nth,
           lag(e.effective) over w as before
      from unnest(e_entity, e_effective, e_data, n_code, n_year, n_prefix, n_width, n_tail)
           with ordinality e(entity, effective, data, code, year, prefix, width, tail, ord)
      left join lateral (select s.last_number, s.last_issued_on from ledger.series s where s.ledger = p_ledger
                            and s.entity = e.entity and s.code = e.code and s.year = e.year limit 1) s on e.code is not null
      left join lateral (select max(t.number) as last, max(t.on_date) as last_on from unnest(t_series, t_number, t_on) t(series, number, on_date)
                          where t.series = e.entity || '/' || e.code || '/' || e.year) t on s.last_number is null and t_series is not null
    window w as (partition by e.entity, e.code, e.year order by e.ord)
  ), free as materialized (
    select n.*, case when t_series is null or n.code is null then n.base + n.nth
                     else (select g from generate_series(n.base + 1, n.base + n.nth + cardinality(t_number)) g
                            where not exists (select from unnest(t_series, t_number) t(series, number)
                                               where t.series = n.series and t.number = g)
                            order by g offset n.nth - 1 limit 1) end as n
      from n
  ), done as materialized (
    select free.*, case when free.code is not null
                        then free.text || lpad(free.n::text, greatest(free.width, length(free.n::text)), '0') end as number
      from free
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
