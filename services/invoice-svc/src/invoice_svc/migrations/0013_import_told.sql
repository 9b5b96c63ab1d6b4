-- What the ledger has been told about a file: where facts came from, and later what became of all its lines.

alter table imports.import add column told text check (told in ('received', 'completed'));
