"""The HTTP edge that all services share: one app factory, one way to read, to write and to refuse.

A service's ``app.py``::

    def create_app(settings: ServiceSettings) -> FastAPI:
        return compose(NAME, "Invoices and payments", [invoices.router, payments.router], settings,
                       models=MODELS, problems_known=PROBLEMS)

Its ``__main__.py``, for ``python -m invoice_svc api|worker|rebuild``::

    SERVICE = Service(name=NAME, models=MODELS, app="invoice_svc.app:create_app")
    raise SystemExit(SERVICE.main(sys.argv[1:]))

A route that writes, in ``http/invoices.py``::

    router = Router(tags=["Invoices"])
    InvoiceId = Annotated[str, Id("inv")]

    class IssueBody(Body):
        issued_on: BusinessDate

    @router.post("/v1/invoices/{id}/issue", response_model=InvoiceOut)
    async def issue_invoice(
        id: InvoiceId, body: IssueBody, cmd: Annotated[Command, command("invoices:write")]
    ) -> Response:
        \"\"\"Give it its legal number.\"\"\"
        async def work(session: Session) -> None:
            invoice = await session.load(INVOICE, id)
            cmd.require_match(session.version(id))          # If-Match → 412
            for event in issue(invoice, body.issued_on):
                session.emit(id, event, entity=invoice.entity_id)
        done = await cmd.execute(work)                       # idempotent, dry-run aware, grants checked
        state, version = await done.state(INVOICE, id)
        return cmd.respond(done, InvoiceOut.of(state), version=version)

Routes that read::

    @router.get("/v1/invoices/{id}", response_model=InvoiceOut)
    async def read_invoice(id: InvoiceId, q: Annotated[Query, reading("invoices:read")]) -> Response:
        time = await q.time()                                # as_of, position, known_at
        events = await q.ledger.read_stream(q.caller.ledger, id, upto=time.position)
        …
        return q.respond(out | time.echo(), last=events[-1])

    @router.get("/v1/invoices", response_model=InvoiceList)
    async def list_invoices(
        q: Annotated[Query, reading("invoices:read")],
        page: Annotated[Page, paging("due_on", "number", default="due_on", key="id", nullable=("due_on",))],
        customer_id: CustomerId | None = None,
    ) -> Response:
        async with q.view("open_items") as view:             # waits for min_position and known_at, else 503
            where, arguments = page.after(first_argument=2)
            rows = await view.conn.fetch(
                f"select * from {view.schema}.item where customer_id = $1 and {where}"
                f" {page.order_by()} limit {page.fetch}",
                customer_id, *arguments)
            return q.respond(page.body(rows, to_json) | view.echo())
"""
