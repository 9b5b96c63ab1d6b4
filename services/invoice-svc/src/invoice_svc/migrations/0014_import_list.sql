-- The list of a ledger's imports, by when they were received.

create index on imports.import (ledger, received_at, id);
