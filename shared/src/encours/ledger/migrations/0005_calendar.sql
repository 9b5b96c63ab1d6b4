-- Days of live ledgers are opened by a worker of any service, the one that holds the calendar's lease. A sandbox's clock is
-- moved only by who may append to the calendar.

insert into ledger.type_family (role, family) values
  ('encours_dunning', 'calendar'), ('encours_risk', 'calendar'), ('encours_reporting', 'calendar');

create or replace function ledger.set_clock(p_ledger smallint, p_clock timestamptz) returns timestamptz
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  moved timestamptz;
begin
  perform from ledger.type_family f where f.role = session_user and f.family in ('calendar', '*');
  if not found then
    raise exception 'role % may not set a clock', session_user using errcode = 'insufficient_privilege';
  end if;
  update ledger.ledgers set clock_at = greatest(clock_at, p_clock) where id = p_ledger and kind = 'sandbox'
    returning clock_at into moved;
  if not found then
    raise exception 'only a sandbox has a clock that can be set' using errcode = 'invalid_parameter_value';
  end if;
  return moved;
end $$;
