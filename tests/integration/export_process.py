"""The process of an export that reads few rows at a time and stores small parts; the argument is the export's id."""

import sys

from reporting_svc.__main__ import SERVICE
from reporting_svc.exports import job
from reporting_svc.read_models.journal import source
from reporting_svc.read_models.open_items import query

job.PART_BYTES = 2 * 1024
source.PAGE, query.PAGE = 25, 10

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(["export", *sys.argv[1:]]))
