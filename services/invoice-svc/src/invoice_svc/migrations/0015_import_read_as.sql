-- The format in which a file is read: encoding, delimiter, decimal sign, thousands mark, as JSON.

alter table imports.import add column read_as bytea;
