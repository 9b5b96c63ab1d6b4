-- A legal number is given once: whoever takes it (the series of an entity, a takeover from another system), a second
-- document of the same kind and entity cannot have it. Kept by the database, since the other one may be appended at the
-- same moment. Numbers of invoices and of credit notes are told apart: another system may have counted each from 1.

-- The number as it stands in a payload; null in one that has none. Payloads are canonical JSON: keys are sorted, and inside a
-- string each quote is escaped, so neither text searched for can be part of a value.
-- Without SET and FROM, so that the index takes the expression itself and calls nothing.
create function ledger.legal_number(data bytea) returns bytea language sql immutable parallel safe
return case
  when position('"number":"'::bytea in data) > 0
       and position('","origin":"'::bytea in data) > position('"number":"'::bytea in data) + 10
  then substring(data from position('"number":"'::bytea in data) + 10
                 for position('","origin":"'::bytea in data) - position('"number":"'::bytea in data) - 10)
end;

create unique index event_legal_number on ledger.event (ledger, entity, type, ledger.legal_number(data))
  where type in ('invoice.issued', 'invoice.credited') and ledger.legal_number(data) is not null;
