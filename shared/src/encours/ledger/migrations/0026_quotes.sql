-- Quotes are invoice-svc's.

insert into ledger.type_family (role, family) values ('encours_invoice', 'quote');
