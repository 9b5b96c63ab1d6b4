-- A sandbox that is dropped takes its imports along, with their lines and what they brought.
alter table imports.line drop constraint line_import_id_fkey,
  add constraint line_import_id_fkey foreign key (import_id) references imports.import on delete cascade;
alter table imports.event drop constraint fact_import_id_fkey,
  add constraint fact_import_id_fkey foreign key (import_id) references imports.import on delete cascade;
